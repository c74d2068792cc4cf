module "certificate" {
  source = "../acm-certificate"

  zone        = var.zone
  domain_name = var.static_domain_name
}
