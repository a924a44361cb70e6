using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace Compat.Packaging.Tests;

/// <summary>Runs the dotnet command as a user would in a shell of its own.</summary>
internal static class Dotnet
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    /// <param name="folder">Where it runs.</param>
    /// <param name="packages">The folder that restored packages go to, or null for the user's own.</param>
    /// <param name="arguments">What follows <c>dotnet</c>.</param>
    public static async Task<DotnetResult> RunAsync(string folder, string? packages, params string[] arguments)
    {
        using CancellationTokenSource limit = new(Limit);
        using Process process = Process.Start(StartInfo(folder, packages, arguments))!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token);
        Task<string> errors = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return new DotnetResult(process.ExitCode, await output + await errors);
        }
        catch (OperationCanceledException exception)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"dotnet {string.Join(' ', arguments)} took more than {Limit}.", exception);
        }
    }

    private static ProcessStartInfo StartInfo(string folder, string? packages, string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // What `dotnet test` sets for its own MSBuild must not reach another one.
        IEnumerable<string> inherited = start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase));
        foreach (string name in inherited.ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["DOTNET_NOLOGO"] = "1";
        // No server may outlive the test: it would keep the output open, and files of folders that are deleted.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        if (packages is not null)
        {
            start.Environment["NUGET_PACKAGES"] = packages;
        }

        return start;
    }
}
