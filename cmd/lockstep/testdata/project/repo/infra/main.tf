terraform {
  backend "local" {}
}
resource "terraform_data" "release" {
  input = "v1"
}
