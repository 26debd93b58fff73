terraform {
  required_version = ">= 1.11"

  required_providers {
    bizapi = {
      source = "bizapi/bizapi"
    }
  }
}
