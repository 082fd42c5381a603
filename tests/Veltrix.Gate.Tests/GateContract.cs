namespace Veltrix.Gate.Tests;

/// <summary>What the tests of a gate have in common: an open gate of its own for each, and a time that stands until the test moves it.</summary>
public abstract class GateContract(TestStore fixture) : IAsyncLifetime
{
    protected static readonly TimeSpan Claim = TimeSpan.FromSeconds(20);
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    protected static readonly TimeSpan Grace = TimeSpan.FromSeconds(45);
    protected static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected TestStore Fixture => fixture;

    protected HuntGate Gate { get; private set; } = null!;

    /// <summary>Milliseconds since 1970 of the gate.</summary>
    protected long Time { get; private set; } = 1_800_000_000_000;

    public async ValueTask InitializeAsync()
    {
        if (fixture.Store is null) Assert.Skip(fixture.Missing!);
        Gate = fixture.Store.Hunt($"hunt-{Guid.NewGuid():N}");
        Gate.Now = () => Time;
        await Gate.Reopen(1, Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        if (Gate is not null) await Gate.Forget(default);
        GC.SuppressFinalize(this);
    }

    protected void Pass(TimeSpan time) => Time += (long)time.TotalMilliseconds;

    protected static GateLimits Limits(long limit, double pace = 0, bool pause = false) =>
        new(limit, pace, pause, 0, 0, false, "31,200 → 29,800: redis memory 0.83 of 0.80", "redis_memory", false, 50_000, true, 7);

    protected async Task Publish(long limit, double pace = 0, bool pause = false) => Assert.True(await Gate.Publish(1, Limits(limit, pace, pause), Cancel));

    protected Task<SeatAnswer> Ask(string hunter, double order = 1, bool pass = false, bool open = true, bool comes = true, bool hadSeat = false) =>
        Gate.Ask(hunter, order, pass, Claim, open, comes, Cancel, hadSeat);

    protected Task<IReadOnlyList<string>> Admit(double passShare = 0.02) => Gate.Admit(Claim, Patience, Grace, Cancel, passShare);

    /// <summary>A server with a lease.</summary>
    protected Task<GateLive> Join(string server, params string[] holds) => Gate.Renew(server, Lease, Connected(holds), Cancel);

    /// <summary>A report of hunters none of whom is in its grace.</summary>
    internal static (string, TimeSpan)[] Connected(params string[] hunters) => [.. hunters.Select(hunter => (hunter, TimeSpan.Zero))];

    /// <summary>Asks for a seat, which must be there, and connects to the server.</summary>
    protected async Task Sit(string hunter, string server)
    {
        Assert.Equal(SeatState.Seated, (await Ask(hunter)).State);
        Assert.True(await Gate.Attach(hunter, server, Cancel));
    }

    protected async Task<string[]> Seated(params string[] hunters) => [.. await Gate.Seated(hunters, Cancel)];
}
