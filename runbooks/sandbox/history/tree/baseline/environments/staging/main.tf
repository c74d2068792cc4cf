terraform {
  required_version = ">= 1.5"

  required_providers {
    sandbox = {
      source  = "sandbox.test/lockstep/sandbox"
      version = "~> 1.0"
    }
  }

  # Where the state is comes from the runbook.
  backend "local" {}
}

provider "sandbox" {
  endpoint   = var.endpoint
  dns_server = var.dns_server
  account    = "staging"
  token      = var.token
  delete     = var.delete
}

module "crates_io" {
  source = "../../modules/crates-io"

  zone               = "crates.test"
  static_domain_name = var.static_domain_name
  static_origin      = "crates-staging"
}
