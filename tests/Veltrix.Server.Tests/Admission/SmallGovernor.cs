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

namespace Veltrix.Server.Tests.Admission;

/// <summary>A governor as a server sees it, over real gRPC: says what the test wants to be said, keeps what it was told.</summary>
sealed class SmallGovernor : GovernorService.GovernorServiceBase, IAsyncDisposable
{
    WebApplication app = null!;
    volatile Guidance? says;

    public Uri Url { get; private set; } = null!;

    public ConcurrentQueue<ReportRequest> Heard { get; } = new();

    public static async Task<SmallGovernor> Start()
    {
        var governor = new SmallGovernor();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(governor);
        governor.app = builder.Build();
        governor.app.MapGrpcService<SmallGovernor>();
        await governor.app.StartAsync(TestContext.Current.CancellationToken);
        governor.Url = new Uri(governor.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return governor;
    }

    /// <summary>From now on this holds; it is said ten times a second. Null: silence.</summary>
    public void Say(Guidance? guidance) => says = guidance;

    public override async Task<ReportResponse> Report(IAsyncStreamReader<ReportRequest> requests, ServerCallContext context)
    {
        while (await requests.MoveNext(context.CancellationToken)) Heard.Enqueue(requests.Current);
        return new ReportResponse();
    }

    public override async Task Watch(WatchRequest request, IServerStreamWriter<WatchResponse> responses, ServerCallContext context)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        try
        {
            while (await timer.WaitForNextTickAsync(context.CancellationToken))
                if (says is { } guidance) await responses.WriteAsync(new WatchResponse { Hunts = { guidance } }, context.CancellationToken);
        }
        catch (OperationCanceledException)
        {
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource(TimeSpan.Zero);
        await app.StopAsync(atOnce.Token);
        await app.DisposeAsync();
    }
}
