using System.Net;
using System.Net.Http.Json;
using Veltrix.Gate;
using Veltrix.Gate.Tests;

namespace Veltrix.Server.Tests.Admission;

/// <summary>A real Redis dies under a live hunt, and comes back empty.</summary>
public sealed class StoreAwayTests
{
    [Fact]
    public async Task Those_who_play_go_on_newcomers_are_told_when_to_come_back_and_places_are_kept()
    {
        using var redis = await RedisServer.Start();
        if (redis is null)
        {
            Assert.Skip("redis-server is not installed");
            return;
        }

        await using var store = await GateStore.Open(new GateStoreOptions { Endpoint = redis.Endpoint }, TestContext.Current.CancellationToken);
        await using var house = await SmallHouse.Open(limit: 1, configure: options => options with { Gate = store });
        var ada = await house.Enter("Ada");
        var token = (string)ada["token"]!;
        await using var playing = await house.Server.Connect(SmallHouse.Hunt, token);
        var bob = await house.Queue("Bob", 1);
        var cyd = await house.Queue("Cyd", 2);
        var (waiting, _) = await house.Wait(bob);
        await using var alsoWaiting = waiting;

        redis.Kill();
        Assert.Equal("correct", (string)(await playing.Submit(1, "a", "one"))["verdict"]!);
        using var refused = await house.Server.SendRaw(new HttpRequestMessage(HttpMethod.Post, $"/v1/hunts/{SmallHouse.Hunt}/join") { Content = JsonContent.Create(new { nickname = "Dee" }) });
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 15);
        Assert.Contains("AdmissionClosed", await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        await waiting.Next("waiting", frame => ((string)frame["reason"]!).Contains("Yours in the queue is kept"));
        Assert.Equal("waiting", (string)(await house.Place(cyd))["state"]!);
        // Somebody who was playing reloads meanwhile.
        await using var back = await house.Server.Connect(SmallHouse.Hunt, token, new { instance = "other" });
        Assert.Equal("correct", (string)(await back.Submit(1, "b", "two"))["verdict"]!);

        await redis.Run();
        await SmallHouse.Until(async () => (int)(await house.Join("Dee"))["http"]! == 202);
        await SmallHouse.Until(async () => (int?)(await house.Place(bob))["place"] == 1);
        await SmallHouse.Until(async () => (int?)(await house.Place(cyd))["place"] == 2);
        Assert.Equal(1, (await house.Gate.Counts(TestContext.Current.CancellationToken)).Seated);
        house.SetLimit(2);
        await waiting.Next("admitted");
        await house.NobodyTooMany();
    }
}
