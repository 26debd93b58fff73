# While deletion_protection is true in the state, no plan deletes or replaces the number, not even one
# that removes this block.
resource "bizapi_phone_number" "support" {
  platform                = "webchat"
  meta_phone_number_id    = "support.example.com"
  access_token_wo         = var.support_access_token
  access_token_wo_version = 1
  deletion_protection     = true
}
