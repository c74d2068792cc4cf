resource "sandbox_distribution" "static" {
  name           = var.static_domain_name
  aliases        = [var.static_domain_name]
  certificate_id = module.certificate.certificate_id
  origin         = var.static_origin

  redirects = {
    "/crate-pool" = "/crates"
  }
}
