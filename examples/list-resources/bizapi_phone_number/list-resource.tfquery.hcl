# terraform query                                   lists the numbers
# terraform query -generate-config-out=numbers.tf   writes the blocks that import them all
list "bizapi_phone_number" "whatsapp" {
  provider = bizapi

  # Terraform stops at 100 unless a limit is given: choose one above the size of the account.
  limit = 10000

  # Both are optional: they default to the provider's user_id, and to all platforms.
  config {
    user_id  = "usr_abc123"
    platform = "whatsapp"
  }
}
