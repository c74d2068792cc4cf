variable "zone" {
  description = "DNS zone of the registry."
  type        = string
}

variable "static_domain_name" {
  description = "Name under which crates are downloaded."
  type        = string
}

variable "static_origin" {
  description = "Bucket the crates are in."
  type        = string
}
