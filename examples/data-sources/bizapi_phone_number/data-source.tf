# By Meta's id. It is an error if there is no such number.
data "bizapi_phone_number" "sales" {
  platform             = "whatsapp"
  meta_phone_number_id = "836990829491415"
}

# By the API's id, of a user other than the provider's.
data "bizapi_phone_number" "support" {
  user_id = "usr_def456"
  id      = "pn_abc123"
}

# An agent on a number that another configuration manages.
resource "bizapi_agent" "sales" {
  phone_number_id = data.bizapi_phone_number.sales.id
  name            = "Sales"
  prompt_id       = "pmpt_abc123"
}
