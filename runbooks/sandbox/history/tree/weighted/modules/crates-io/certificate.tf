locals {
  # A name for this network alone, whatever the weights are.
  cloudfront_domain_name = "cloudfront-${var.static_domain_name}"
}

module "certificate" {
  source = "../acm-certificate"

  zone              = var.zone
  domain_name       = var.static_domain_name
  alternative_names = [local.cloudfront_domain_name]
}
