variable "static_domain_name" {
  description = "Name under which crates are downloaded."
  type        = string
}

variable "endpoint" {
  description = "Control API of the delivery network."
  type        = string
}

variable "dns_server" {
  description = "Name server that takes updates, as host:port."
  type        = string
}

variable "token" {
  description = "Secret of the account."
  type        = string
  sensitive   = true
}

variable "delete" {
  description = "What deleting a DNS record takes with it: own-data or whole-name."
  type        = string
  default     = "own-data"
}
