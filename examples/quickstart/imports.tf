# To import a number that was registered by hand, write an import block and a resource that describes
# the number. The import id is <user_id>/<id>, with the id that the API lists. An imported number needs
# no access token. Remove the import block after the apply.
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
