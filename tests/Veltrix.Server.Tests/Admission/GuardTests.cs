using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Veltrix.Server.Admission;

namespace Veltrix.Server.Tests.Admission;

/// <summary>One script cannot take every seat: a guarded gate wants a little work, and an even pace of each address range.</summary>
public sealed class GuardTests
{
    [Fact]
    public async Task A_guarded_join_costs_work_and_one_proof_is_one_hunter()
    {
        await using var house = await SmallHouse.Open(limit: 5, more: "join.unguarded: none\njoin.guard: on\njoin.proof_bits: 8");
        var asked = await house.Join("Ada");
        Assert.Equal((428, "ProofNeeded", 8), ((int)asked["http"]!, (string)asked["code"]!, (int)asked["bits"]!));
        Assert.Equal(("join.proof_bits", "settings:6"), ((string)asked["key"]!, (string)asked["origin"]!));
        var challenge = (string)asked["challenge"]!;
        var proof = new { challenge, nonce = Solve(challenge, 8) };
        var ada = await house.Join("Ada", proof: proof);
        Assert.Equal(201, (int)ada["http"]!);
        Assert.Equal((string)ada["hunter"]!, (string)(await house.Join("Eve", proof: proof))["hunter"]!);
        Assert.Equal(1, (await house.Gate.Counts(TestContext.Current.CancellationToken)).Seated);

        foreach (var bad in new object[] { new { challenge, nonce = Fail(challenge, 8) }, new { challenge = challenge + "A", proof.nonce }, new { proof.nonce }, new { challenge } })
            Assert.Equal("ProofNeeded", (string)(await house.Join("Eve", proof: bad))["code"]!);
    }

    [Fact]
    public async Task A_proof_does_not_keep()
    {
        var clock = new OffsetClock();
        await using var house = await SmallHouse.Open(limit: 5, more: "join.unguarded: none\njoin.guard: on\njoin.proof_bits: 4", clock: clock);
        var challenge = (string)(await house.Join("Ada"))["challenge"]!;
        clock.Advance(ProofOfWork.Lifetime + TimeSpan.FromSeconds(1));
        Assert.Equal(428, (int)(await house.Join("Ada", proof: new { challenge, nonce = Solve(challenge, 4) }))["http"]!);
    }

    [Fact]
    public async Task An_address_range_keeps_its_pace_and_is_told_which()
    {
        var clock = new OffsetClock();
        await using var house = await SmallHouse.Open(limit: 50, more: "join.unguarded: none\njoin.guard: on\njoin.proof_bits: 0\njoin.pace: 8", clock: clock);
        await house.Enter("One");
        await house.Enter("Two");
        using var refused = await house.Server.SendRaw(new HttpRequestMessage(HttpMethod.Post, $"/v1/hunts/{SmallHouse.Hunt}/join") { Content = JsonContent.Create(new { nickname = "Three" }) });
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 7, 12);
        Assert.Equal("\"join\";q=8;w=60", refused.Headers.GetValues("RateLimit-Policy").Single());
        Assert.Matches("^\"join\";r=0;t=[78]$", refused.Headers.GetValues("RateLimit").Single());
        var problem = JsonNode.Parse(await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        Assert.Equal(("JoinPace", 8, "join.pace"), ((string)problem["code"]!, (int)problem["limit"]!, (string)problem["key"]!));
        clock.Advance(TimeSpan.FromSeconds(10));
        await house.Enter("Three");
    }

    [Fact]
    public async Task A_ticket_has_paid_already()
    {
        await using var house = await SmallHouse.Open(limit: 1, more: "join.unguarded: none\njoin.guard: on\njoin.proof_bits: 4\njoin.pace: 120");
        foreach (var name in new[] { "Ada", "Bob" })
        {
            var challenge = (string)(await house.Join(name))["challenge"]!;
            var answer = await house.Join(name, proof: new { challenge, nonce = Solve(challenge, 4) });
            if (name == "Ada") continue;
            Assert.Equal(202, (int)answer["http"]!);
            Assert.Equal(202, (int)(await house.Join(name, (string)answer["ticket"]!))["http"]!);
        }
    }

    [Fact]
    public async Task The_gate_guards_itself_before_seats_run_out()
    {
        await using var house = await SmallHouse.Open(limit: 5, more: "join.unguarded: none\njoin.proof_bits: 4");
        for (var i = 0; i < 4; i++) await house.Enter($"First {i}");
        Assert.Equal("ProofNeeded", (string)(await house.Join("Fifth"))["code"]!);
    }

    [Fact]
    public async Task One_burst_between_two_looks_at_the_gate_cannot_take_every_seat()
    {
        await using var house = await SmallHouse.Open(limit: 20, more: "join.unguarded: none\njoin.proof_bits: 4");
        for (var i = 0; i < 16; i++) await house.Enter($"Script {i}");
        Assert.Equal("ProofNeeded", (string)(await house.Join("Script 17"))["code"]!);
    }

    [Fact]
    public async Task Lots_are_guarded_while_they_can_be_had()
    {
        await using var house = await SmallHouse.Open(limit: 50, more: "join.unguarded: none\njoin.proof_bits: 4", clock: OffsetClock.At(new DateTimeOffset(2031, 5, 4, 11, 55, 0, TimeSpan.Zero)), hunt: TestServer.Quiz.Replace("title:", "opens: 2031-05-04T12:00:00Z\ntitle:"), open: false);
        Assert.Equal("ProofNeeded", (string)(await house.Join("Early"))["code"]!);
    }

    [Fact]
    public async Task This_machine_itself_is_not_guarded_and_a_proxy_on_it_is()
    {
        await using var house = await SmallHouse.Open(limit: 5, more: "join.guard: on\njoin.proof_bits: 4");
        await house.Enter("Bot");
        Assert.Equal(428, await JoinThrough(house, "198.51.100.7"));
    }

    [Fact]
    public async Task Behind_a_trusted_proxy_each_client_has_its_own_pace()
    {
        await using var house = await SmallHouse.Open(limit: 50, more: "trusted_proxies: 127.0.0.0/8, 10.0.0.0/8\njoin.guard: on\njoin.proof_bits: 0\njoin.pace: 4");
        Assert.Equal(201, await JoinThrough(house, "198.51.100.7, 10.0.0.3"));
        Assert.Equal(429, await JoinThrough(house, "198.51.100.8"));
        Assert.Equal(201, await JoinThrough(house, "203.0.113.1"));
        // What stands before the address that the proxy wrote is the client's own invention.
        Assert.Equal(429, await JoinThrough(house, "127.0.0.1, 192.0.2.1, 203.0.113.2"));
    }

    static async Task<int> JoinThrough(SmallHouse house, string forwardedFor)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/hunts/{SmallHouse.Hunt}/join") { Content = JsonContent.Create(new { nickname = "Client" }) };
        request.Headers.Add("X-Forwarded-For", forwardedFor);
        using var answer = await house.Server.SendRaw(request);
        return (int)answer.StatusCode;
    }

    [Fact]
    public void Ranges_are_a_24_or_a_48()
    {
        Assert.Equal("192.0.2.0/24", AddressRange.Of(IPAddress.Parse("192.0.2.77")));
        Assert.Equal("192.0.2.0/24", AddressRange.Of(IPAddress.Parse("::ffff:192.0.2.9")));
        Assert.Equal("20010db80001/48", AddressRange.Of(IPAddress.Parse("2001:db8:1:2::3")));
    }

    static string Solve(string challenge, int bits) => Enumerable.Range(0, int.MaxValue).Select(n => $"{n}").First(nonce => Bits(challenge, nonce) >= bits);

    static string Fail(string challenge, int bits) => Enumerable.Range(0, int.MaxValue).Select(n => $"{n}").First(nonce => Bits(challenge, nonce) < bits);

    static int Bits(string challenge, string nonce) => ProofOfWork.ZeroBits(SHA256.HashData(Encoding.UTF8.GetBytes($"{challenge}.{nonce}")));
}
