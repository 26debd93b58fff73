import {
  to = bizapi_phone_number.support
  id = "usr_abc123/pn_abc123"
}
