/**
 * Help for the keys (`i18nKey`) by which Prisma Cloud names its errors. `describeErrors` shows it when an error has a
 * key but neither a message nor a subject; keys whose name says enough need no entry.
 */
export const i18nHelp: ReadonlyMap<string, string> = new Map([
  ['invalid_credentials', 'the access key is wrong, expired or disabled, or belongs to another stack'],
  ['sso_enabled_password_login_attempt', 'this user must sign in with SSO; use an access key instead of a password'],
  ['token_expired', 'the session has ended; log in again'],
  ['unauthorized_access', 'the role of this access key does not permit this operation'],
  ['unauthorized', 'the session is missing, or has no permission for this operation'],
  ['forbidden', 'the role of this access key does not permit this operation'],
  ['unauthorized_to_use_access_keys', 'the role of this access key may not read access keys'],
  ['non_existing_access_key', 'there is no access key with this id'],
  ['user_inactive_or_not_exist', 'the user is disabled, or does not exist in this tenant'],
  ['invalid_parameter_value', 'a parameter has a value that the API does not accept'],
  ['missing_required_parameter', 'a required parameter is missing'],
  ['bad_request', 'the API does not accept the request; compare its parameters and body with the API documentation'],
  ['limit_exceeded', 'the request exceeds what the API returns at once; request less, or use pages'],
  ['not_found', 'the resource does not exist, or not in this tenant'],
  ['rate_limit_exceeded', 'too many requests for this user; wait and send fewer at once'],
  ['too_many_requests', 'too many requests for this user; wait and send fewer at once'],
  ['unsupported_media_type', 'send the body as JSON with the header content-type: application/json'],
  ['internal_error', 'Prisma Cloud failed internally; retry later, and quote the request id to its support'],
])
