using Microsoft.Extensions.Logging.Abstractions;
using Veltrix.Control;
using Veltrix.Control.Tests;
using Veltrix.Hosting;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

[assembly: AssemblyFixture(typeof(PostgresServer))]

// Runs the tests; or, started again by one of them, is another server that opens its control data and says which keys it has.
if (args is ["keys", var folder, var connection, var passwordFile])
{
    using var settings = new Settings();
    settings.Load(ConfigFile.Read("hunt-config.yml", $"control.database: {connection}\ncontrol.password_file: {passwordFile}\n"));
    Console.WriteLine("ready");
    Console.ReadLine();
    try
    {
        await using var store = await ControlStore.Open(folder, settings, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        Console.WriteLine(string.Join(' ', store.Now.Verify.Select(key => key.Id)));
        return 0;
    }
    catch (Exception error)
    {
        Console.WriteLine(error.ToString().ReplaceLineEndings(" "));
        return 1;
    }
}

return args.Contains("--server") || args.Contains("--internal-msbuild-node")
    ? await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
    : await ConsoleRunner.Run(args);
