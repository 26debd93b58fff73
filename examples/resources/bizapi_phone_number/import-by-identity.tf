import {
  to = bizapi_phone_number.support
  identity = {
    user_id = "usr_abc123"
    id      = "pn_abc123"
  }
}
