using System.Text.Json;
using Compat.Engine.Evaluation;
using Compat.Engine.Model;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Loops;

/// <summary>What MMEngine's validation and test loops make of samples and losses.</summary>
[Trait("Category", "Golden")]
public sealed class EvaluationGoldenTests
{
    private static readonly JsonElement[] Cases =
        [.. GoldenFile.Read("engine_loops.json").GetProperty("cases").EnumerateArray().Where(one => one.GetProperty("kind").GetString() == "losses")];

    public static TheoryData<string> Ids => [.. Cases.Select(Id)];

    [Fact]
    public void There_are_cases_and_nearly_all_are_really_executed()
    {
        Cases.Should().NotBeEmpty();
        Cases.Count(one => !IsRuledOut(one)).Should().BeGreaterThan(Cases.Length * 8 / 10);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Values_and_their_order_are_those_of_the_original(string id)
    {
        JsonElement golden = Cases.Single(one => Id(one) == id);
        if (IsRuledOut(golden))
        {
            return;                                                   // ruled out by type LossDict: a loss is a tensor
        }

        List<int> seen = [];
        MetricsHook hook = new();
        using ValModel model = new([.. golden.GetProperty("outputs").EnumerateArray().Select(output => (Func<ValOutputs?>)(() => Outputs(output)))]);
        using TestRun run = new();
        Runner runner = run.Make(Options(golden, run, seen) with { Model = model }, hook);
        bool isTest = golden.GetProperty("stage").GetString() == "test";
        int times = golden.TryGetProperty("times", out JsonElement count) ? count.GetInt32() : 1;
        Func<IReadOnlyDictionary<string, MetricValue>[]> evaluate = () => [.. Enumerable.Range(0, times).Select(_ => isTest ? runner.Test() : runner.Val())];
        if (golden.TryGetProperty("error", out _))
        {
            evaluate.Should().Throw<Exception>().Which.Should().Match(exception => exception is ArgumentException || exception is InvalidOperationException);
            return;
        }

        IReadOnlyDictionary<string, MetricValue>[] returned = evaluate();

        JsonElement[] expected = [.. golden.GetProperty("returned").EnumerateArray()];
        returned.Select(Pairs).Should().BeEquivalentTo(expected.Select(Expected), options => options.WithStrictOrdering());
        hook.After.Select(Pairs).Should().BeEquivalentTo(expected.Select(Expected), options => options.WithStrictOrdering());
        seen.Should().Equal(golden.GetProperty("seen_by_metric").EnumerateArray().Select(one => one.GetInt32()));
    }

    private static string Id(JsonElement golden) => golden.GetProperty("id").GetString()!;

    private static bool IsRuledOut(JsonElement golden) => golden.GetProperty("outputs").EnumerateArray()
        .Where(output => output.TryGetProperty("losses", out _))
        .SelectMany(output => output.GetProperty("losses").EnumerateObject())
        .Any(loss => loss.Value.GetProperty("kind").GetString() is "float" or "floats");

    private static (string, double)[] Pairs(IReadOnlyDictionary<string, MetricValue> metrics) => [.. metrics.Select(metric => (metric.Key, metric.Value.Number))];

    private static (string, double)[] Expected(JsonElement pairs) => [.. pairs.EnumerateArray().Select(pair => (pair[0].GetString()!, GoldenTensor.Number(pair[1])))];

    private static RunnerOptions Options(JsonElement golden, TestRun run, List<int> seen)
    {
        BatchLoader loader = new(new RampDataset(golden.GetProperty("size").GetInt32()));
        Evaluator evaluator = new([.. golden.GetProperty("evaluators").EnumerateArray().Select(one => new CountMetric(one, seen))]);
        RunnerOptions options = run.Options with { TrainDataloader = null, TrainCfg = null, OptimWrapper = null };
        return golden.GetProperty("stage").GetString() == "test"
            ? options with { TestDataloader = loader, TestEvaluator = evaluator }
            : options with { ValDataloader = loader, ValEvaluator = evaluator };
    }

    private static ValOutputs Outputs(JsonElement output)
    {
        // A sample that has losses and something else is a sample like any other.
        bool isSample = output.TryGetProperty("extra_field", out _);
        DataBatch samples = new SampleList<ScoreBatch>(
            [.. Enumerable.Range(0, output.GetProperty("samples").GetInt32() + (isSample ? 1 : 0)).Select(_ => new ScoreBatch(zeros(1)))]);
        return output.TryGetProperty("losses", out JsonElement losses) && !isSample ? new(samples, Losses(losses)) : new(samples);
    }

    private static LossDict Losses(JsonElement losses)
    {
        LossDict read = [];
        foreach (JsonProperty loss in losses.EnumerateObject())
        {
            JsonElement value = loss.Value.GetProperty("value");
            float[] numbers = [.. (value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(GoldenTensor.Number) : [GoldenTensor.Number(value)])
                .Select(number => (float)number)];
            bool isTensor = loss.Value.GetProperty("kind").GetString() == "tensor";
            read.Add(loss.Name, isTensor ? [value.ValueKind == JsonValueKind.Array ? tensor(numbers) : tensor(numbers[0])] : [.. numbers.Select(number => tensor(number))]);
        }

        return read;
    }

    /// <summary>Counts the samples of lists, and adds the values that the case names.</summary>
    private sealed class CountMetric(JsonElement config, List<int> seen) : BaseMetric<DataBatch, SampleList<ScoreBatch>>(
        config.TryGetProperty("prefix", out JsonElement prefix) ? prefix.GetString() : null)
    {
        protected override void Process(DataBatch batch, SampleList<ScoreBatch> predictions)
        {
            seen.Add(predictions.Samples.Count);
            foreach (ScoreBatch sample in predictions.Samples)
            {
                KeepOne(sample.Scores);
            }
        }

        protected override IReadOnlyDictionary<string, MetricValue> ComputeMetrics(MetricItems items)
        {
            OrderedDictionary<string, MetricValue> values = new() { ["n"] = items.Count };
            foreach (JsonProperty value in config.TryGetProperty("returns", out JsonElement returns) ? returns.EnumerateObject() : default)
            {
                values[value.Name] = value.Value.Number();
            }

            return values;
        }
    }

    private sealed class MetricsHook : Engine.Hooks.Hook
    {
        public List<IReadOnlyDictionary<string, MetricValue>> After { get; } = [];

        protected override void AfterEpoch(Runner runner, Engine.Hooks.Arguments.AfterEpochArguments arguments, Engine.Hooks.LoopMode mode) => After.Add(arguments.Metrics!);
    }
}
