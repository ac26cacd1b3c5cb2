/**
 * The scripts. Redis runs one at a time, so each is one atomic step and one round trip. They are
 * sent whole each time: 3 KB cost less than a second round trip on the day the server has restarted
 * and does not know them.
 *
 * KEYS: 1 breakers, 2 epoch, 3 overrides. ARGV: 1 channel, 2 generation for a store that is empty.
 */

/**
 * Reads the epoch, begins a generation when there is none, counts and announces. Without single
 * quotes: people paste it (BY_HAND_SCRIPT), and a shell would have to write each as four characters.
 */
const epochFunctions = `
local function readEpoch()
  local text = redis.call("GET", KEYS[2])
  local generation, counter = string.match(text or "", "^([a-z0-9%-]+):(%d+)$")
  if generation then return generation, tonumber(counter) end
  redis.call("SET", KEYS[2], ARGV[2] .. ":0")
  return ARGV[2], 0
end
local function formatEpoch(generation, counter)
  return generation .. ":" .. string.format("%.0f", counter)
end
local function finish(changed)
  local generation, counter = readEpoch()
  if not changed then return formatEpoch(generation, counter) end
  local epoch = formatEpoch(generation, counter + 1)
  redis.call("SET", KEYS[2], epoch)
  redis.call("PUBLISH", ARGV[1], epoch)
  return epoch
end
`;

/**
 * The rules of src/model/override-rules.ts: an older time never replaces a newer one, and safe state
 * is only ever made wider. Times are compared as text, which is why their form is fixed.
 *
 * TRIP below follows tripOpens of src/model/breaker-rules.ts.
 */
const mirrorFunctions = `
local function decode(text)
  local ok, value = pcall(cjson.decode, text)
  if ok and type(value) == 'table' then return value end
end
local function instant(value)
  if type(value) ~= 'string' then return nil end
  if string.match(value, '^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$') then
    value = string.sub(value, 1, 19) .. '.000Z'
  end
  return string.match(value, '^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ$')
end
-- An empty list would be encoded as an empty object, which is not a list of groups.
local function encode(document)
  local text = cjson.encode(document)
  if type(document.groups) == 'table' and #document.groups == 0 then
    text = string.gsub(text, '"groups":{}', '"groups":[]', 1)
  end
  return text
end
local function groupsOf(document)
  if type(document.groups) == 'table' then return document.groups end
end
local function merge(storedText, wantedText)
  if not storedText then return wantedText end
  local wanted = decode(wantedText)
  local stored = decode(storedText)
  local storedSince = stored and instant(stored.since)
  if not storedSince or (stored.mode ~= 'safe' and stored.mode ~= 'lifted') then
    if wanted.mode == 'lifted' then return wantedText end
    wanted.groups = nil
    return encode(wanted)
  end
  local wantedSince = instant(wanted.since)
  if wanted.mode == 'lifted' then
    if stored.mode == 'lifted' and wantedSince <= storedSince then return nil end
    if wantedSince < storedSince then return nil end
    return wantedText
  end
  if stored.mode == 'lifted' then
    if wantedSince <= storedSince then return nil end
    return wantedText
  end
  local later = wantedSince > storedSince
  local wider = false
  if groupsOf(stored) and not groupsOf(wanted) then wider = true end
  if groupsOf(stored) and groupsOf(wanted) then
    local groups, known = {}, {}
    for _, group in ipairs(groupsOf(stored)) do table.insert(groups, group); known[group] = true end
    for _, group in ipairs(groupsOf(wanted)) do
      if not known[group] then table.insert(groups, group); known[group] = true; wider = true end
    end
    wanted.groups = groups
  end
  if wider then
    if not later then wanted.since = stored.since end
    return encode(wanted)
  end
  if not later then return nil end
  stored.since = wanted.since
  return encode(stored)
end
local function mirror(incident, wantedText)
  local text = merge(redis.call('HGET', KEYS[3], incident), wantedText)
  if not text then return false end
  redis.call('HSET', KEYS[3], incident, text)
  return true
end
`;

/** Returns epoch, breakers, overrides: hashes as flat lists of field, value. */
export const READ_SCRIPT = `${epochFunctions}
return {finish(false), redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[3])}
`;

/**
 * ARGV: 3 the open state, 4 incident of the trip, 5 override document or empty, 6… providers.
 * Returns the epoch.
 */
export const TRIP_SCRIPT = `${epochFunctions}${mirrorFunctions}
local changed = false
local at = instant(decode(ARGV[3]).since)
for index = 6, #ARGV do
  local text = redis.call('HGET', KEYS[1], ARGV[index])
  local stored = text and decode(text) or {}
  local isolated = stored.state == 'isolated'
  local already = stored.state == 'open' and stored.incident == ARGV[4]
  local since = instant(stored.since)
  local later = at and since and since > at
  if not isolated and not already and not later then
    redis.call('HSET', KEYS[1], ARGV[index], ARGV[3])
    changed = true
  end
end
if ARGV[5] ~= '' and mirror(ARGV[4], ARGV[5]) then changed = true end
return finish(changed)
`;

/**
 * ARGV: 3 expected epoch, 4 provider, 5 state. Returns {1, epoch} when done, {0, epoch} when
 * somebody changed something since. A repeat of what is stored already is done: our first answer
 * may have been lost.
 */
export const SET_SCRIPT = `${epochFunctions}
local epoch = finish(false)
if redis.call('HGET', KEYS[1], ARGV[4]) == ARGV[5] then return {1, epoch} end
if epoch ~= ARGV[3] then return {0, epoch} end
redis.call('HSET', KEYS[1], ARGV[4], ARGV[5])
return {1, finish(true)}
`;

/** ARGV: 3 incident, 4 override document. Returns the epoch. */
export const ANNOUNCE_SCRIPT = `${epochFunctions}${mirrorFunctions}
return finish(mirror(ARGV[3], ARGV[4]))
`;

/**
 * For a person with redis-cli and without Backout (`backout plan --manual`): opens, mirrors, counts,
 * announces. Short, because it is pasted. Unlike a trip it also opens what was closed later than its
 * own time, because a person wants it now. The mirror is only filled where it is empty: its
 * document may be a later or wider one of the same incident.
 *
 * ARGV as for {@link TRIP_SCRIPT}. Returns the epoch.
 */
export const BY_HAND_SCRIPT = `${epochFunctions}
for index = 6, #ARGV do
  local text = redis.call("HGET", KEYS[1], ARGV[index])
  local ok, stored = pcall(cjson.decode, text or "")
  local held = ok and type(stored) == "table" and stored.state == "isolated"
  if not held then redis.call("HSET", KEYS[1], ARGV[index], ARGV[3]) end
end
redis.call("HSETNX", KEYS[3], ARGV[4], ARGV[5])
return finish(true)
`;
