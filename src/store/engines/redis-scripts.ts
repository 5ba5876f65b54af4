/** The operations that Redis has no one command for, in Lua: atomic, and one round trip each. Redis 6 runs them, and later ones. */

/** KEYS: the counter. ARGV: by, ttl in ms or "". Gives the value and PTTL, or a word of refusal. */
export const INCREMENT = `
local value = redis.call("GET", KEYS[1])
if value and not string.match(value, "^-?%d+$") then return "NOT_A_NUMBER" end
local sum = tonumber(value or "0") + tonumber(ARGV[1])
if sum > 9007199254740991 or sum < -9007199254740991 then return "OUT_OF_RANGE" end
local text = string.format("%.0f", sum)
if value then
  redis.call("SET", KEYS[1], text, "KEEPTTL")
elseif ARGV[2] == "" then
  redis.call("SET", KEYS[1], text)
else
  redis.call("SET", KEYS[1], text, "PX", ARGV[2])
end
return { text, redis.call("PTTL", KEYS[1]) }
`;

/** KEYS: the key. ARGV: "1" or "0" for whether a value is expected, that value, the same for the next one, ttl in ms or "". */
export const COMPARE_AND_SET = `
local value = redis.call("GET", KEYS[1])
local expected = ARGV[1] == "1" and ARGV[2] or false
if value ~= expected then return 0 end
if ARGV[3] == "0" then
  if value then redis.call("DEL", KEYS[1]) end
elseif ARGV[5] == "" then
  redis.call("SET", KEYS[1], ARGV[4])
else
  redis.call("SET", KEYS[1], ARGV[4], "PX", ARGV[5])
end
return 1
`;

/**
 * KEYS: the window. ARGV: limit, window in ms, "1" where it slides, by. Gives allowed, taken, before and elapsed, or a word of refusal.
 * The same reckoning as windowAt and fits in window.ts, by the clock of Redis: hosts need not agree on the time.
 */
export const TAKE = `
local limit, window, sliding, by = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == "1", tonumber(ARGV[4])
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lifetime = sliding and 2 * window or window
local began, taken, before = now, 0, 0
local kept = redis.call("GET", KEYS[1])
if kept then
  local b, t, p = string.match(kept, "^%[(%d+),(%d+),(%d+)%]$")
  if not b then return "NOT_A_WINDOW" end
  b, t, p = tonumber(b), tonumber(t), tonumber(p)
  local age = math.max(0, now - b)
  if age < window then
    began, taken, before = math.min(b, now), t, sliding and p or 0
  elseif age < lifetime then
    began, before = b + window, t
  end
end
local elapsed = now - began
local allowed = before * (window - elapsed) / window + taken + by <= limit
if allowed and by > 0 then
  taken = taken + by
  local text = string.format("[%.0f,%.0f,%.0f]", began, taken, before)
  redis.call("SET", KEYS[1], text, "PX", string.format("%.0f", lifetime - elapsed))
end
return { allowed and 1 or 0, string.format("%.0f", taken), string.format("%.0f", before), string.format("%.0f", elapsed) }
`;
