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
        IReadOnlyList<Sample> samples = Run(options, Console.Error.WriteLine);
        OverheadReport.Print(samples, Console.Out);
        if (options.Json is not null)
        {
            OverheadReport.Write(samples, options);
        }
    }

    private static Sample[] Run(OverheadOptions options, Action<string> observed)
    {
        string workDir = Directory.CreateTempSubdirectory("compat-benchmark-").FullName;
        try
        {
            return [.. BenchmarkModel.Names.Where(name => options.Model is null || options.Model == name).SelectMany(name => RunModel(name, options, workDir, observed))];
        }
        finally
        {
            Directory.Delete(workDir, recursive: true);
        }
    }

    private static Sample[] RunModel(string name, OverheadOptions options, string workDir, Action<string> observed)
    {
        BenchmarkModel model = new(name, options.Device);
        int rounds = options.Rounds;
        int perRound = model.Name == "a" ? 200 : 50;
        using StreamWriter log = new(Path.Combine(workDir, $"{model.Name}.log"));
        TorchSeed.Set(0);
        WayFactory factory = new(new LineLogger("benchmark", [log]), workDir, iterations: perRound * (rounds + 2) * 2);
        IReadOnlyList<Way> ways = factory.Make(model, options.Way);
        List<double>[] times = [.. ways.Select(_ => new List<double>())];
        for (int round = -2; round < rounds; round++)
        {
            for (int way = 0; way < ways.Count; way++)
            {
                // Each round begins with another way, so that none always follows the same one.
                int turn = (way + round + ways.Count) % ways.Count;
                double microseconds = Time(ways[turn], perRound, model.Device);
                if (round >= 0)
                {
                    times[turn].Add(microseconds);
                }
            }
        }

        observed($"model {model.Name}: {rounds} rounds of {perRound} iterations");
        Sample[] samples = [.. ways.Select((way, i) => new Sample(model.Name, way.Name, times[i]))];
        foreach (Way way in ways)
        {
            way.Dispose();
        }

        return samples;
    }

    // A GPU works behind: what was asked for before must not count, and what was asked for here must be done.
    private static double Time(Way way, int iterations, torch.Device device)
    {
        WaitFor(device);
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < iterations; i++)
        {
            way.Iterate();
        }

        WaitFor(device);
        return Stopwatch.GetElapsedTime(start).TotalMicroseconds / iterations;
    }

    private static void WaitFor(torch.Device device)
    {
        if (device.type == DeviceType.CUDA)
        {
            torch.cuda.synchronize(device);
        }
    }
}
