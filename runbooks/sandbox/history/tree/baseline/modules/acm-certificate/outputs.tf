output "certificate_id" {
  description = "The certificate, once it is issued."
  value       = sandbox_certificate_validation.cert.certificate_id
}
