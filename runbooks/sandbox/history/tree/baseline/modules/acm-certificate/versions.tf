terraform {
  required_providers {
    sandbox = {
      source = "sandbox.test/lockstep/sandbox"
    }
  }
}
