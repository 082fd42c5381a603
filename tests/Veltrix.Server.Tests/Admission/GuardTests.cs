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
        await using var house = await SmallHouse.Open(limit: 5, more: "join.guard: on\njoin.proof_bits: 8");
        var asked = await house.Join("Ada");
        Assert.Equal((428, "ProofNeeded", 8), ((int)asked["http"]!, (string)asked["code"]!, (int)asked["bits"]!));
        Assert.Equal(("join.proof_bits", "settings:5"), ((string)asked["key"]!, (string)asked["origin"]!));
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
        await using var house = await SmallHouse.Open(limit: 5, more: "join.guard: on\njoin.proof_bits: 4", clock: clock);
        var challenge = (string)(await house.Join("Ada"))["challenge"]!;
        clock.Advance(ProofOfWork.Lifetime + TimeSpan.FromSeconds(1));
        Assert.Equal(428, (int)(await house.Join("Ada", proof: new { challenge, nonce = Solve(challenge, 4) }))["http"]!);
    }

    [Fact]
    public async Task An_address_range_keeps_its_pace_and_is_told_which()
    {
        var clock = new OffsetClock();
        await using var house = await SmallHouse.Open(limit: 50, more: "join.guard: on\njoin.proof_bits: 0\njoin.pace: 8", clock: clock);
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
        await using var house = await SmallHouse.Open(limit: 1, more: "join.guard: on\njoin.proof_bits: 4\njoin.pace: 120");
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
