using System.Diagnostics;
using Compat.Benchmarks.Ways;
using Compat.Torch.Logging;
using Compat.Torch.Native;
using Compat.Torch.Randomness;
using TorchSharp;

namespace Compat.Benchmarks;

/// <summary>
/// Times an iteration in every way. In each round every way runs a few iterations, one way after the other, so that a change in the machine's speed
/// meets all of them alike.
/// </summary>
internal static class OverheadBenchmark
{
    public static void Run(OverheadOptions options)
    {
        TorchEnvironment.EnsureLoaded();
        torch.set_num_threads(1);
        IReadOnlyList<Sample> samples = Run(options.Rounds, Console.Error.WriteLine);
        OverheadReport.Print(samples, Console.Out);
        if (options.Json is not null)
        {
            OverheadReport.Write(samples, options.Json);
        }
    }

    private static Sample[] Run(int rounds, Action<string> observed)
    {
        string workDir = Directory.CreateTempSubdirectory("compat-benchmark-").FullName;
        try
        {
            return [.. BenchmarkModels.Names.SelectMany(model => RunModel(model, rounds, workDir, observed))];
        }
        finally
        {
            Directory.Delete(workDir, recursive: true);
        }
    }

    private static Sample[] RunModel(string model, int rounds, string workDir, Action<string> observed)
    {
        int perRound = model == "a" ? 200 : 50;
        using StreamWriter log = new(Path.Combine(workDir, $"{model}.log"));
        TorchSeed.Set(0);
        WayFactory factory = new(new LineLogger("benchmark", [log]), workDir, iterations: perRound * (rounds + 2) * 2);
        IReadOnlyList<Way> ways = factory.All(model);
        List<double>[] times = [.. ways.Select(_ => new List<double>())];
        for (int round = -2; round < rounds; round++)
        {
            for (int way = 0; way < ways.Count; way++)
            {
                // Each round begins with another way, so that none always follows the same one.
                int turn = (way + round + ways.Count) % ways.Count;
                double microseconds = Time(ways[turn], perRound);
                if (round >= 0)
                {
                    times[turn].Add(microseconds);
                }
            }
        }

        observed($"model {model}: {rounds} rounds of {perRound} iterations");
        Sample[] samples = [.. ways.Select((way, i) => new Sample(model, way.Name, times[i]))];
        foreach (Way way in ways)
        {
            way.Dispose();
        }

        return samples;
    }

    private static double Time(Way way, int iterations)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < iterations; i++)
        {
            way.Iterate();
        }

        return Stopwatch.GetElapsedTime(start).TotalMicroseconds / iterations;
    }
}
