# All traffic goes to the first network. A second record with another set
# identifier takes its share once the second network is ready.
resource "sandbox_dns_record" "weighted_static" {
  zone           = var.zone
  name           = var.static_domain_name
  type           = "CNAME"
  ttl            = 60
  set_identifier = "cloudfront"
  values         = [sandbox_distribution.static.domain_name]
}
