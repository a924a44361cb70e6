using System.Text.Json;
using Compat.Engine.Data;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Loops;
using Compat.Engine.Runtime;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Loops;

/// <summary>
/// Which samples MMEngine's loops train on, iteration by iteration, with each sampler. A phase that resumes starts here from the counters that it started from
/// there, which is all of a file that the order of the data depends on; the files themselves are still to come.
/// </summary>
[Trait("Category", "Golden")]
public sealed class LoopDataGoldenTests
{
    private static readonly JsonElement[] Cases =
        [.. GoldenFile.Read("engine_loops.json").GetProperty("cases").EnumerateArray().Where(one => one.GetProperty("kind").GetString() == "data" && !IsStillToCome(one))];

    public static TheoryData<string> Ids => [.. Cases.Select(Id)];

    [Fact]
    public void There_are_cases_of_both_loops_and_both_samplers()
    {
        Cases.Should().NotBeEmpty();
        Cases.Select(one => GoldenLoop.ByEpoch(Phases(one)[0].GetProperty("train_cfg"))).Distinct().Should().HaveCount(2);
        Cases.Select(one => one.GetProperty("loader").GetProperty("sampler").GetProperty("type").GetString()).Distinct().Should().HaveCount(2);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Samples_are_those_of_the_original_at_every_iteration(string id)
    {
        JsonElement golden = Cases.Single(one => Id(one) == id);
        JsonElement[] runs = [.. golden.GetProperty("runs").EnumerateArray()];
        if (GivesNoBatch(golden.GetProperty("loader")))
        {
            // The original ends with a StopIteration, or trains on nothing at all.
            FluentActions.Invoking(() => Train(golden, Phases(golden)[0], runs[0])).Should().Throw<ArgumentException>();
            return;
        }

        foreach ((JsonElement phase, JsonElement expected) in Phases(golden).Zip(runs))
        {
            DataHook hook = Train(golden, phase, expected);
            hook.Batches.Should().Equal(expected.GetProperty("batches").EnumerateArray().Select(row =>
                $"{row[0]} {row[1]} {row[2]}: {string.Join(' ', row[3].EnumerateArray())}"));
            hook.EpochStarts.Should().Equal(expected.GetProperty("epoch_starts").EnumerateArray().Select(row => $"{row[0]} {row[1]} {(row[3].ValueKind == JsonValueKind.Null ? "0" : row[3])}"));
            hook.FetchedBeforeFirst.Should().Equal(
                expected.TryGetProperty("fetched_before_first", out JsonElement fetched) ? fetched.EnumerateArray().Select(one => one.GetInt32()) : []);
            hook.Warnings.Should().Equal(expected.GetProperty("log").EnumerateArray().Select(line => line[1].GetString()!).Where(IsOfTheLoop));
            JsonElement end = expected.GetProperty(expected.TryGetProperty("end", out _) ? "end" : "interrupted");
            hook.End.Should().Be((end.GetProperty("epoch").GetInt32(), end.GetProperty("iter").GetInt32(), expected.GetProperty("start").GetProperty("max_iters").GetInt32()));
        }
    }

    [Fact]
    public void Without_skipping_what_was_trained_on_the_samples_would_be_others()
    {
        Cases.Where(one => Phases(one).Length > 1 && !GoldenLoop.ByEpoch(Phases(one)[1].GetProperty("train_cfg"))).Any(IsOther).Should().BeTrue();

        static bool IsOther(JsonElement golden)
        {
            JsonElement[] runs = [.. golden.GetProperty("runs").EnumerateArray()];
            return !Samples(Train(golden, Phases(golden)[0], runs[0])).SequenceEqual(Samples(Train(golden, Phases(golden)[1], runs[1])));
        }

        static IEnumerable<string> Samples(DataHook hook) => hook.Batches.Take(2).Select(batch => batch.Split(':')[1]);
    }

    // A file that is missing.
    private static bool IsStillToCome(JsonElement golden) =>
        golden.TryGetProperty("error", out JsonElement error) && error.GetProperty("type").GetString() == "FileNotFoundError";

    private static bool IsOfTheLoop(string line) =>
        line.StartsWith("Reach the end", StringComparison.Ordinal) || line.StartsWith("Advance dataloader", StringComparison.Ordinal);

    private static bool GivesNoBatch(JsonElement loader) => IsSet(loader, "drop_last") && loader.GetProperty("size").GetInt32() < loader.GetProperty("batch_size").GetInt32();

    private static bool IsSet(JsonElement config, string name) => config.TryGetProperty(name, out JsonElement value) && value.GetBoolean();

    private static string Id(JsonElement golden) => golden.GetProperty("id").GetString()!;

    private static JsonElement[] Phases(JsonElement golden) => [.. golden.GetProperty("phases").EnumerateArray()];

    private static DataHook Train(JsonElement golden, JsonElement phase, JsonElement expected)
    {
        JsonElement config = phase.TryGetProperty("loader", out JsonElement own) ? own : golden.GetProperty("loader");
        NumberDataset dataset = new(config.GetProperty("size").GetInt32());
        using TestRun run = new();
        using CountingModel model = new();
        DataHook hook = new(dataset, phase);
        JsonElement start = expected.GetProperty("start");
        Runner runner = run.Make(
            run.Options with
            {
                Model = model,
                Randomness = new RandomnessOptions { Seed = phase.GetProperty("seed").GetInt64() },
                TrainDataloader = new DatasetLoaderOptions
                {
                    Dataset = dataset,
                    NumBatchPerEpoch = config.TryGetProperty("num_batch_per_epoch", out JsonElement batches) ? batches.GetInt32() : null,
                    Sampler = new GoldenSamplerOptions(config.GetProperty("sampler")),
                    Loader = new()
                    {
                        BatchSize = config.GetProperty("batch_size").GetInt32(),
                        DropLast = IsSet(config, "drop_last") || (config.TryGetProperty("batch_sampler", out JsonElement grouping) && IsSet(grouping, "drop_last")),
                    },
                },
                TrainCfg = new MovedLoopOptions(
                    GoldenLoop.Read(phase.GetProperty("train_cfg")), new(start.GetProperty("epoch").GetInt32(), start.GetProperty("iter").GetInt32(), BatchIndex: 0)),
                DefaultHooks = new DefaultHooks { SamplerSeed = !IsSet(golden, "no_sampler_seed_hook"), Logger = null },
            },
            hook);
        Action train = () => runner.Train();
        if (phase.TryGetProperty("script", out _))
        {
            train.Should().Throw<InterruptedException>();
        }
        else
        {
            train();
            model.Steps.Should().Be(hook.Batches.Count);
        }

        hook.End = (runner.Progress.Epoch, runner.Progress.Iter, runner.MaxIters);
        hook.Warnings = [.. LoopCallsGoldenTests.LoopWarnings(run)];
        return hook;
    }

    private sealed record GoldenSamplerOptions(JsonElement Config) : SamplerOptions
    {
        public override Sampler Build(Dataset dataset, DataloaderContext context)
        {
            DataloaderContext own = Config.TryGetProperty("seed", out JsonElement seed) ? context with { Seed = seed.GetInt64() } : context;
            bool shuffle = IsSet(Config, "shuffle");
            return Config.GetProperty("type").GetString() == nameof(InfiniteSampler)
                ? new InfiniteSamplerOptions { Shuffle = shuffle }.Build(dataset, own)
                : new DefaultSamplerOptions { Shuffle = shuffle, RoundUp = !Config.TryGetProperty("round_up", out _) || IsSet(Config, "round_up") }.Build(dataset, own);
        }
    }

    /// <summary>Loops that begin elsewhere, as if a file had said so.</summary>
    private sealed record MovedLoopOptions(TrainLoopOptions Loop, TrainingPosition Start) : TrainLoopOptions
    {
        public override TrainLoop Build(Runner runner) => Loop switch
        {
            IterBasedTrainLoopOptions byIter => new MovedIterLoop(runner, byIter, Start),
            EpochBasedTrainLoopOptions byEpoch => new MovedEpochLoop(runner, byEpoch, Start),
            _ => throw new NotSupportedException(),
        };
    }

    private sealed class MovedIterLoop : IterBasedTrainLoop
    {
        public MovedIterLoop(Runner runner, IterBasedTrainLoopOptions options, TrainingPosition start)
            : base(runner, options) => MoveTo(start);
    }

    private sealed class MovedEpochLoop : EpochBasedTrainLoop
    {
        public MovedEpochLoop(Runner runner, EpochBasedTrainLoopOptions options, TrainingPosition start)
            : base(runner, options) => MoveTo(start);
    }

    private sealed class NumberDataset(int count) : Dataset
    {
        public List<int> Read { get; } = [];

        public override int Count => count;

        public override DataBatch this[int index]
        {
            get
            {
                Read.Add(index);
                return new ToyBatch(ones(1), ones(1));
            }
        }
    }

    private sealed class DataHook(NumberDataset dataset, JsonElement phase) : Hook
    {
        private int left = phase.TryGetProperty("script", out JsonElement script) ? script.GetProperty("n").GetInt32() : 0;

        public List<string> Batches { get; } = [];

        public List<string> EpochStarts { get; } = [];

        public int[] FetchedBeforeFirst { get; private set; } = [];

        public IReadOnlyList<string> Warnings { get; set; } = [];

        public (int Epoch, int Iter, int MaxIters) End { get; set; }

        public override HookPriority Priority => HookPriority.Lowest;

        public override void BeforeTrainEpoch(Runner runner) =>
            EpochStarts.Add($"{runner.Progress.Epoch} {runner.Progress.Iter} {runner.TrainDataloader!.Sampler.SaveState().Epoch}");

        public override void BeforeTrainIter(Runner runner, BeforeIterArguments arguments)
        {
            if (Batches.Count == 0)
            {
                FetchedBeforeFirst = [.. dataset.Read.SkipLast(arguments.Batch.Indices.Count)];
            }

            Batches.Add($"{runner.Progress.Epoch} {runner.Progress.Iter} {arguments.BatchIndex}: {string.Join(' ', arguments.Batch.Indices)}");
        }

        public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments)
        {
            if (--left == 0)
            {
                throw new InterruptedException();
            }
        }
    }
}
