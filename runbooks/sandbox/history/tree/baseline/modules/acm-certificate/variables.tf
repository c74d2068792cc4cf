variable "domain_name" {
  description = "First name of the certificate."
  type        = string
}

variable "alternative_names" {
  description = "Further names of the certificate."
  type        = list(string)
  default     = []
}

variable "zone" {
  description = "DNS zone in which control of the names is proved."
  type        = string
}
