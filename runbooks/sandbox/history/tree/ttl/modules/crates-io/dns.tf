resource "sandbox_dns_record" "static" {
  zone   = var.zone
  name   = var.static_domain_name
  type   = "CNAME"
  ttl    = 60
  values = [sandbox_distribution.static.domain_name]
}
