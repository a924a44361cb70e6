using System.Text.Json;
using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Amp;
using Compat.Torch.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Optim;

/// <summary>
/// The stored trainings with MMEngine's <c>AmpOptimWrapper</c>, alone and in a dictionary. Of runs that were resumed from a file, the first part: files come with the
/// checkpoints.
/// </summary>
[Trait("Category", "Golden")]
public sealed class AmpOptimWrapperGoldenTests
{
    private static readonly JsonElement Runs = GoldenFile.Read("fp16_engine.json");
    private static readonly JsonElement States = GoldenFile.Read("fp16_engine_state.json");

    public static TheoryData<string, GoldenOptimizerKind> Ids
    {
        get
        {
            TheoryData<string, GoldenOptimizerKind> all = GoldenIds.Of(Runs);
            foreach (object[] row in GoldenIds.Of(States, IsTraining))
            {
                all.Add((string)row[0], (GoldenOptimizerKind)row[1]);
            }

            return all;
        }
    }

    [Fact]
    public void Every_training_is_run() => Ids.Select(row => row[0]).Distinct().Should().HaveCount(
        Runs.GetProperty("cases").GetArrayLength() + States.GetProperty("cases").EnumerateArray().Count(IsTraining));

    [Theory]
    [MemberData(nameof(Ids))]
    public void Losses_scales_steps_norms_and_weights_are_those_of_the_original_after_every_iteration(string id, GoldenOptimizerKind kind)
    {
        JsonElement file = Runs.GetProperty("cases").EnumerateArray().Any(one => one.GetProperty("id").GetString() == id) ? Runs : States;
        JsonElement golden = GoldenIds.Find(file, id);
        string name = golden.GetProperty("model").GetString()!;
        using GoldenNet model = new(name, file.GetProperty("initial_params").GetProperty(name)) { Injection = GoldenInjection.Read(golden) };
        foreach (string frozen in GoldenIds.Strings(golden, "frozen"))
        {
            model.get_parameter(frozen)!.requires_grad = false;
        }

        JsonElement data = GoldenData.Of(file, name);
        using ListDataset dataset = GoldenData.Dataset(data);
        using BatchLoader loader = new(dataset, new() { BatchSize = data.GetProperty("batch_size").GetInt32() });
        using TemporaryFolder folder = new();
        AmpRowHook rows = new(golden);
        bool fails = golden.TryGetProperty("error", out _);
        Func<ListLogger> train = () => GoldenTraining.Run(
            golden, GoldenTraining.Options(model, loader, GoldenWrapper.Of(golden, model, kind), folder.Path), rows, fails ? rows.CheckEnd : null);

        if (fails)
        {
            train.Should().Throw<InvalidOperationException>();
        }
        else
        {
            train().LinesOfTheOriginals.Count(line => line.Contains("ccumulat", StringComparison.Ordinal) && line.Contains("batch norm", StringComparison.Ordinal))
                .Should().Be(golden.GetProperty("messages").GetArrayLength());
        }

        rows.Seen.Should().Be(golden.GetProperty("iters").GetArrayLength());
    }

    [Theory]
    [InlineData("fp16_engine.json")]
    [InlineData("fp16_engine_state.json")]
    public void The_forward_runs_in_the_lower_precision_as_far_as_a_CPU_has_it(string file)
    {
        using TestModel model = new();
        foreach (JsonElement golden in GoldenFile.Read(file).GetProperty("cases").EnumerateArray().Where(IsAlone))
        {
            JsonElement config = golden.GetProperty("optim_wrapper");
            golden.GetProperty("autocast")[0].GetBoolean().Should().Be(config.GetProperty("type").GetString() == "AmpOptimWrapper");
            if (golden.GetProperty("autocast")[0].GetBoolean())
            {
                AmpOptimWrapperOptions options = new()
                {
                    Optimizer = new Compat.Torch.Optim.FusedSgdOptions { Lr = 0.1 },
                    Dtype = config.TryGetProperty("dtype", out _) ? GoldenWrapper.Precision(golden.GetProperty("autocast")[1].GetString()!) : null,
                };
                CheckAutocast(options, model);
            }
        }
    }

    private static void CheckAutocast(AmpOptimWrapperOptions options, TestModel model)
    {
        if (options.Dtype is not (null or ScalarType.BFloat16))
        {
            options.Invoking(refused => refused.Build(model)).Should().Throw<ArgumentException>().WithMessage("Dtype is *, but the model is on a CPU*");
            return;
        }

        using DisposeScope scope = NewDisposeScope();
        using BaseOptimWrapper wrapper = options.Build(model);
        using (wrapper.OptimContext(model))
        {
            Autocast.IsEnabled(DeviceType.CPU).Should().BeTrue();
            model.ForwardTensor(new TestSupport.Toy.ToyBatch(ones(2, 1), ones(2, 1))).dtype.Should().Be(ScalarType.BFloat16);
        }

        Autocast.IsEnabled(DeviceType.CPU).Should().BeFalse();
    }

    private static bool IsTraining(JsonElement golden) => golden.TryGetProperty("iters", out _);

    private static bool IsAlone(JsonElement golden) => golden.TryGetProperty("autocast", out _) && golden.TryGetProperty("optim_wrapper", out _);
}
