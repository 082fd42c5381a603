using System.Collections.Concurrent;
using System.Net;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Veltrix.Wire.Governor;

namespace Veltrix.Governor.Tests.Orchestration;

/// <summary>A governor on a port of its own that answers as a test tells it and remembers what it was told.</summary>
sealed class ScriptedGovernor : GovernorService.GovernorServiceBase, IAsyncDisposable
{
    WebApplication? app;
    long seq;

    public string Url { get; private set; } = "";

    public string Token { get; init; } = "a-token-of-the-test";

    /// <summary>Limit by hunt; the seq grows by itself.</summary>
    public ConcurrentDictionary<string, double> Limits { get; } = new(StringComparer.Ordinal);

    public VoteState State { get; set; } = VoteState.Fresh;

    /// <summary>Of the gate that it claims to have measured.</summary>
    public long Epoch { get; set; } = 7;

    public double Pace { get; set; }

    public bool IsSilent { get; set; }

    /// <summary>It has heard of a newer orchestrator.</summary>
    public bool IsOutrun { get; set; }

    public ConcurrentQueue<VoteRequest> Asked { get; } = [];

    /// <summary>The authorization of each question.</summary>
    public ConcurrentQueue<string?> Shown { get; } = [];

    public ConcurrentQueue<ApplyRequest> Told { get; } = [];

    public int LetGo;

    public static async Task<ScriptedGovernor> Start(params (string Hunt, double Limit)[] limits)
    {
        var governor = new ScriptedGovernor();
        foreach (var (hunt, limit) in limits) governor.Limits[hunt] = limit;
        await governor.Listen(0);
        return governor;
    }

    public async Task Listen(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http2));
        app = builder.Build();
        app.MapGrpcService<ScriptedGovernor>();
        await app.StartAsync();
        Url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
    }

    public int Port => new Uri(Url).Port;

    public override async Task<VoteResponse> Vote(VoteRequest request, ServerCallContext context)
    {
        Asked.Enqueue(request);
        Shown.Enqueue(context.RequestHeaders.GetValue("authorization"));
        if (IsSilent)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Interlocked.Increment(ref LetGo);
            throw new RpcException(new Status(StatusCode.Cancelled, "let go"));
        }

        var response = new VoteResponse { Governor = "scripted", Load = new ServerLoad { CpuRatio = 0.4, Sockets = 100, SocketsMax = 20_000 } };
        response.Votes.AddRange(Limits.Select(limit => Given.Sent(limit.Key, limit.Value, Interlocked.Increment(ref seq), vote => (vote.State, vote.Epoch, vote.JoinsPerSecond) = (State, Epoch, Pace))));
        return response;
    }

    public override Task<ApplyResponse> Apply(ApplyRequest request, ServerCallContext context)
    {
        if (context.RequestHeaders.GetValue("authorization") != $"Bearer {Token}") throw new RpcException(new Status(StatusCode.Unauthenticated, "the token is wrong"));
        if (IsOutrun) throw new RpcException(new Status(StatusCode.FailedPrecondition, "a newer orchestrator has spoken"));
        Told.Enqueue(request);
        return Task.FromResult(new ApplyResponse());
    }

    public async Task Stop()
    {
        if (app is not null) await app.DisposeAsync();
        app = null;
    }

    public async ValueTask DisposeAsync() => await Stop();
}
