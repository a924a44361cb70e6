using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Compat.TestSupport;

/// <summary>A run of the program <c>Mpi.Ranks</c> under a real mpirun. Each group of cases is started once for each number of ranks, and asked case by case.</summary>
public sealed class MpiRun
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);
    private static readonly ConcurrentDictionary<(string Group, int Ranks), Lazy<MpiRun>> Runs = [];
    private static readonly Lazy<string?> Version = new(ReadVersion);

    private readonly Dictionary<string, string?>?[] outcomes;

    private MpiRun(int exitCode, string output, Dictionary<string, string?>?[] outcomes)
    {
        ExitCode = exitCode;
        Output = output;
        this.outcomes = outcomes;
    }

    public int ExitCode { get; }

    /// <summary>Gets what the ranks and mpirun have written.</summary>
    public string Output { get; }

    /// <summary>Gets the names of the cases that rank 0 has finished.</summary>
    public IReadOnlyCollection<string> Cases => outcomes[0]?.Keys.ToArray() ?? [];

    /// <summary>Runs a group, unless it was run before.</summary>
    public static MpiRun Of(string group, int ranks) => Runs.GetOrAdd((group, ranks), key => new(() => Start(key.Group, key.Ranks))).Value;

    /// <summary>Runs a group in one process, without mpirun, but with the variables of a launcher.</summary>
    public static MpiRun Alone(string group, params (string Name, string Value)[] variables) =>
        Start("dotnet", folder => [Program(), group, folder], 1, variables);

    /// <summary>Runs a sample, in a folder where it may write.</summary>
    public static MpiRun Sample(string name, int ranks, string workingFolder, params string[] arguments) => Start(
        "mpirun", _ => [.. Arguments(ranks), BuiltBeside(Path.Combine("samples", name), $"{name}.dll"), .. arguments], ranks, [], workingFolder);

    /// <summary>Says why such tests are skipped here; <see langword="null"/> if they are not.</summary>
    public static string? ReasonToSkip()
    {
        bool isRequired = (Environment.GetEnvironmentVariable("COMPAT_REQUIRE") ?? string.Empty).Split(',').Contains("mpi");
        return Version.Value is null && !isRequired ? "There is no mpirun. Install openmpi-bin." : null;
    }

    /// <summary>Fails unless all ranks have finished a case without an error.</summary>
    public void ShouldHavePassed(string name)
    {
        for (int rank = 0; rank < outcomes.Length; rank++)
        {
            if (outcomes[rank] is not { } ofRank || !ofRank.TryGetValue(name, out string? error))
            {
                Assert.Fail($"Rank {rank} has not finished {name}; exit code {ExitCode}.\n{Output}");
            }
            else if (error is not null)
            {
                Assert.Fail($"Rank {rank}: {error}");
            }
        }
    }

    /// <summary>Fails unless the run ended with an error that says something.</summary>
    public void ShouldHaveFailed(string words)
    {
        ExitCode.Should().NotBe(0);
        Output.Should().Contain(words);
    }

    private static MpiRun Start(string group, int ranks) => Start("mpirun", folder => [.. Arguments(ranks), Program(), group, folder], ranks, []);

    private static MpiRun Start(string program, Func<string, IEnumerable<string>> arguments, int ranks, (string Name, string Value)[] variables, string workingFolder = "")
    {
        using MachineLock machine = MachineLock.TakeAsync().GetAwaiter().GetResult();
        using TemporaryFolder folder = new();
        ProcessStartInfo start = new(program, arguments(folder.Path)) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = workingFolder };
        start.Environment["OMPI_ALLOW_RUN_AS_ROOT"] = "1";
        start.Environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1";
        start.Environment["OMP_NUM_THREADS"] = "1";
        Array.ForEach(variables, variable => start.Environment[variable.Name] = variable.Value);
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }

        return new(process.ExitCode, $"{output.Result}{errors.Result}", [.. Enumerable.Range(0, ranks).Select(rank => Read(folder.Path, rank))]);
    }

    private static IEnumerable<string> Arguments(int ranks)
    {
        string[] more = Version.Value?.Contains("Open MPI", StringComparison.Ordinal) == true ? ["--oversubscribe"] : [];
        return [.. more, "-n", ranks.ToString(CultureInfo.InvariantCulture), "dotnet"];
    }

    private static string Program() => BuiltBeside(Path.Combine("tests", "Mpi.Ranks"), "Compat.Mpi.Ranks.dll");

    // With the same configuration and framework as the tests: tests/X.Tests/bin/Release/net10.0.
    private static string BuiltBeside(string project, string program)
    {
        DirectoryInfo framework = new(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        return Path.Combine(RepositoryRoot.Path, project, "bin", framework.Parent!.Name, framework.Name, program);
    }

    private static Dictionary<string, string?>? Read(string folder, int rank)
    {
        string file = Path.Combine(folder, $"{rank}.json");
        return File.Exists(file) ? JsonSerializer.Deserialize<Dictionary<string, string?>>(File.ReadAllText(file)) : null;
    }

    private static string? ReadVersion()
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo("mpirun", ["--version"]) { RedirectStandardOutput = true })!;
            string version = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return version;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;                                              // no such program
        }
    }
}
