-- ARGV: now. Answers: ok, epoch (0: rebuilding), seated, waiting, joins, leaves, servers, what was published, for those alone who come back (1|0).
local flow = redis.call('HMGET', GATE, 'joins', 'leaves')
local servers = {}
for _, server in ipairs(redis.call('ZRANGEBYSCORE', SERVERS, '(' .. whole(now), '+inf')) do
  if has_reported(server) then servers[#servers + 1] = server end
end
return { 0, tonumber(epoch or 0), redis.call('HLEN', SEATS), waiting(), tonumber(flow[1] or 0), tonumber(flow[2] or 0),
  servers, published(), is_returning() and 1 or 0 }
