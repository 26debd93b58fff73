# A number that was registered by hand comes in with an import block and a resource that describes
# it. The id is <user_id>/<id>, as the API lists the number. It needs no access token: that is for
# adding a number, not for keeping one. Remove the block after the apply.
#
# import {
#   to = bizapi_phone_number.support
#   id = "usr_abc123/pn_abc123"
# }
#
# resource "bizapi_phone_number" "support" {
#   platform             = "webchat"
#   meta_phone_number_id = "support.example.com"
#   display_name         = "Support chat"
# }
