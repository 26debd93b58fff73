# By user and agent:
terraform import bizapi_agent.support usr_abc123/agt_xyz789

# By agent alone, if the provider has a user_id:
terraform import bizapi_agent.support agt_xyz789
