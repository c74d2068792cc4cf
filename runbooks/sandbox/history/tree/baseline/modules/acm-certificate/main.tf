# A certificate and the proof of control over its names. It is usable once the
# validation is done, so use the output and not the certificate itself.

locals {
  names = concat([var.domain_name], var.alternative_names)
}

resource "sandbox_certificate" "cert" {
  domain_name       = var.domain_name
  alternative_names = var.alternative_names

  lifecycle {
    create_before_destroy = true
  }
}

resource "sandbox_dns_record" "validation" {
  for_each = toset(local.names)

  zone   = var.zone
  name   = "_validation.${each.key}"
  type   = "TXT"
  ttl    = 60
  values = [sandbox_certificate.cert.validation_tokens[each.key]]
}

resource "sandbox_certificate_validation" "cert" {
  certificate_id = sandbox_certificate.cert.id

  depends_on = [sandbox_dns_record.validation]
}
