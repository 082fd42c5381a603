using Veltrix.Crowd;

namespace Veltrix.Server.Tests.Admission;

/// <summary>Bots as they come with the product, in front of a small and guarded house.</summary>
public sealed class CrowdInTheRoomTests
{
    [Theory]
    [InlineData("")]
    [InlineData("max_connections_per_server: 20")]
    public async Task Bots_work_wait_and_come_in_as_seats_fall_free(string more)
    {
        await using var house = await SmallHouse.Open(limit: 4, more: $"join.unguarded: none\njoin.guard: on\njoin.proof_bits: 6\njoin.pace: 10000\n{more}");
        var answers = Path.Combine(house.Server.Folder, "answers.json");
        await File.WriteAllTextAsync(
            answers, """{"hunt":"quiz","audit_key":"none","challenges":[{"id":"a","answer":"one","requires":[]},{"id":"b","answer":"two","requires":[]}]}""", TestContext.Current.CancellationToken);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var options = new BotOptions { Url = house.Server.Server.Url, Hunt = SmallHouse.Hunt, AnswersFile = answers, Count = 10, Arrive = TimeSpan.FromMilliseconds(200), Think = TimeSpan.FromSeconds(1) };
        var playing = Bots.Run(options, null, enough.Token);
        await SmallHouse.Until(async () => await house.Gate.Counts(enough.Token) is { Seated: 4, Waiting: 6 });
        house.SetLimit(10);
        await SmallHouse.Until(async () => await house.Gate.Counts(enough.Token) is { Seated: 10, Waiting: 0 });
        await SmallHouse.Until(async () => (int)(await house.Server.Get("/v1/hunts/quiz"))["teams"]! == 10);
        await SmallHouse.Until(async () => (await house.Server.Get("/v1/hunts/quiz/board"))["rows"]!.AsArray().Count(row => (int)row!["score"]! > 0) > 4);
        await enough.CancelAsync();
        await playing;
        await house.NobodyTooMany();
    }
}
