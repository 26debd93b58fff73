# By user and the API's id:
terraform import bizapi_phone_number.support usr_abc123/pn_abc123

# By user and Meta's id, if you don't know the API's:
terraform import bizapi_phone_number.support usr_abc123/webchat/support.example.com

# Either of them without the user, if the provider has a user_id:
terraform import bizapi_phone_number.support pn_abc123
terraform import bizapi_phone_number.support webchat/support.example.com
