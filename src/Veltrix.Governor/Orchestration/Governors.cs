using System.Collections.Concurrent;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using Veltrix.Wire.Governor;
using Client = Veltrix.Wire.Governor.GovernorService.GovernorServiceClient;

namespace Veltrix.Governor.Orchestration;

/// <summary>
/// The governors an orchestrator speaks with, over HTTP/2 without TLS. All are asked at the same time and each has one second: a slow or silent one costs that and no more. Nothing is sent
/// again: the next round comes anyway. One caller at a time.
/// </summary>
/// <param name="token">The control token as it is now; null: none, and Apply will be refused.</param>
public sealed class Governors(IReadOnlyList<GovernorAddress> addresses, Func<string?> token, TimeSpan within, TimeProvider clock, Faults faults) : IDisposable
{
    readonly Dictionary<Uri, (GrpcChannel Channel, Client Client)> peers = [];
    readonly Dictionary<GovernorAddress, IReadOnlyList<Uri>> found = [];

    /// <summary>Asks every governor for its votes, with the token: what the question says was applied is believed only from who has it.</summary>
    /// <returns>One answer for each governor there should be, in the order of their addresses.</returns>
    public async Task<IReadOnlyList<GovernorAnswer>> Vote(VoteRequest request, CancellationToken cancel)
    {
        await Find(cancel);
        var headers = Headers();
        return await Task.WhenAll(peers.OrderBy(peer => peer.Key.AbsoluteUri, StringComparer.Ordinal).Select(async peer =>
        {
            var response = await Ask(peer.Key, (client, options) => client.VoteAsync(request, options), headers, cancel);
            return new GovernorAnswer(Name(peer.Key), response);
        }));
    }

    /// <summary>Tells every governor what was published.</summary>
    /// <returns>False if one of them has heard of a newer orchestrator.</returns>
    public async Task<bool> Apply(ApplyRequest request, CancellationToken cancel)
    {
        var headers = Headers();
        var outrun = new ConcurrentBag<Uri>();
        await Task.WhenAll(peers.Select(peer => Ask(
            peer.Key, (client, options) => client.ApplyAsync(request, options), headers, cancel, error =>
            {
                if (error.StatusCode == StatusCode.FailedPrecondition) outrun.Add(peer.Key);
            })));
        return outrun.IsEmpty;
    }

    public void Dispose()
    {
        foreach (var (channel, _) in peers.Values) channel.Dispose();
    }

    Metadata? Headers() => token() is { } secret ? new Metadata { { "authorization", $"Bearer {secret}" } } : null;

    async Task<T?> Ask<T>(Uri peer, Func<Client, CallOptions, AsyncUnaryCall<T>> call, Metadata? headers, CancellationToken cancel, Action<RpcException>? onError = null)
        where T : class
    {
        // The deadline runs by the monotonic clock; that of the library is a time of day.
        using var late = new CancellationTokenSource(within, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancel);
        var fault = $"governor {Name(peer)}: {typeof(T).Name[..^"Response".Length]}";
        try
        {
            using var answer = call(peers[peer].Client, new CallOptions(headers, cancellationToken: either.Token));
            var response = await answer.ResponseAsync;
            faults.Gone(fault);
            return response;
        }
        catch (RpcException) when (cancel.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancel);
        }
        catch (RpcException error)
        {
            onError?.Invoke(error);
            if (late.IsCancellationRequested) faults.Seen(fault, "late", $"no answer within {Words.Seconds(within)}");
            else faults.Seen(fault, error.StatusCode.ToString(), $"{error.StatusCode}: {error.Status.Detail}");
            return null;
        }
    }

    /// <summary>Looks up names, meets whoever is new and lets go of whoever is gone. A name that cannot be looked up keeps the addresses it had.</summary>
    async Task Find(CancellationToken cancel)
    {
        foreach (var address in addresses)
        {
            try
            {
                found[address] = await address.Resolve(cancel).WaitAsync(within, clock, cancel);
                faults.Gone($"address {address}");
            }
            catch (Exception error) when (error is SocketException or TimeoutException)
            {
                faults.Seen($"address {address}", error.GetType().Name, error.Message);
            }
        }

        var all = found.Values.SelectMany(uris => uris).ToHashSet();
        foreach (var gone in peers.Keys.Except(all).ToList())
        {
            peers[gone].Channel.Dispose();
            peers.Remove(gone);
            faults.Forget($"governor {Name(gone)}: ");
        }

        foreach (var peer in all.Except(peers.Keys).ToList())
        {
            var channel = GrpcChannel.ForAddress(peer, new GrpcChannelOptions
            {
                HttpHandler = new SocketsHttpHandler
                {
                    ConnectTimeout = within,
                    // A server that vanished without a word is found before its next vote is due.
                    KeepAlivePingDelay = TimeSpan.FromSeconds(5),
                    KeepAlivePingTimeout = TimeSpan.FromSeconds(2),
                },
                DisposeHttpClient = true,
                // A channel waits ever longer before it tries a dead peer again; a governor that came back is to vote in the next round.
                InitialReconnectBackoff = within,
                MaxReconnectBackoff = within,
            });
            peers[peer] = (channel, new Client(channel));
        }
    }

    static string Name(Uri peer) => peer.GetLeftPart(UriPartial.Authority);
}
