using System.CommandLine;
using Grpc.Core;
using Grpc.Net.Client;
using Veltrix.Governor.Sidecar;
using Veltrix.Wire.Governor;

namespace Veltrix.Cli;

/// <summary>How a verb finds a governor and its token: <c>--governor</c>, else the one of the data folder; <c>--token-file</c>, else that folder's.</summary>
sealed class GovernorRemote
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    readonly Option<string> data = SharedOptions.Data();
    readonly Option<string?> url = new("--governor") { Description = "The governor, as http://host:port of its gRPC listener. Default: the one that runs on the data folder.", HelpName = "URL" };
    readonly Option<string?> tokenFile = new("--token-file") { Description = "The file that holds the control token. Default: control.token in the data folder.", HelpName = "FILE" };

    public void AddTo(Command verb, bool withToken = false)
    {
        verb.Add(url);
        if (withToken) verb.Add(tokenFile);
        verb.Add(data);
        url.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !(Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"))
                result.AddError($"--governor {result.Tokens[0].Value}: an address begins with http:// or https://, as in http://127.0.0.1:9357.");
        });
    }

    public string Folder(ParseResult parsed) => parsed.GetRequiredValue(data);

    /// <summary>Null: none is named, and none runs on the data folder.</summary>
    public Uri? Find(ParseResult parsed) => parsed.GetValue(url) is { } given ? new Uri(given) : GovernorFile.Read(Folder(parsed))?.Grpc;

    /// <summary>One call; what is refused becomes a sentence and an exit code.</summary>
    public async Task<T> Call<T>(ParseResult parsed, bool withToken, Func<GovernorService.GovernorServiceClient, CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancel)
    {
        var address = Find(parsed) ?? throw new CliException(ExitCode.Failed, $"No governor is running on {Folder(parsed)}.", "'veltrix governor' and 'veltrix up' start one; --data names another folder, --governor an address.");
        var headers = new Metadata();
        if (withToken) headers.Add("authorization", $"Bearer {Token(parsed)}");
        using var channel = GrpcChannel.ForAddress(address);
        try
        {
            return await call(new GovernorService.GovernorServiceClient(channel), new CallOptions(headers, DateTime.UtcNow + Patience, cancel));
        }
        catch (RpcException error) when (error.StatusCode is StatusCode.Cancelled && cancel.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancel);
        }
        catch (RpcException error) when (error.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Internal)
        {
            throw new GovernorSilentException(address, error);
        }
        catch (RpcException error)
        {
            throw new CliException(error.StatusCode is StatusCode.NotFound ? ExitCode.NotFound : ExitCode.Refused, error.Status.Detail, null, error);
        }
    }

    string Token(ParseResult parsed)
    {
        var file = parsed.GetValue(tokenFile) ?? Path.Combine(Folder(parsed), "control.token");
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CliException(ExitCode.NotFound, $"There is no control token in {file}.", "A governor writes one into its data folder: name that folder with --data, or the file with --token-file.", error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new CliException(ExitCode.Refused, $"{file} may not be read.", "It belongs to whoever started the governor; name another with --token-file.", error);
        }
    }
}

sealed class GovernorSilentException(Uri url, Exception inner) : CliException(ExitCode.Failed, $"The governor at {DataHome.Trimmed(url)} does not answer.", "Is it running? --governor names another.", inner);
