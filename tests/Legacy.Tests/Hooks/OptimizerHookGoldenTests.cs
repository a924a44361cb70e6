using System.Text.Json;
using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Hooks;

/// <summary>Trainings with MMCV's OptimizerHook and GradientCumulativeOptimizerHook: everything after every iteration.</summary>
[Trait("Category", "Golden")]
public sealed class OptimizerHookGoldenTests
{
    private static readonly GoldenCases File = new("legacy_optimizer_hooks.json");

    public static TheoryData<string> Cases => File.Where(_ => true);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_iteration_is_that_of_mmcv(string id)
    {
        JsonElement golden = File[id];
        using GoldenTraining training = new(File, golden);
        GroupsShouldBe(training, golden.GetProperty("param_groups"));
        JsonElement[] iterations = [.. golden.GetProperty("iters").EnumerateArray()];
        int next = 0;

        training.Train((new ActionHook { AtAfterTrainIter = _ => ShouldBe(training, iterations[next++]) }, HookPriority.Lowest));

        next.Should().Be(iterations.Length).And.BePositive();
        training.MessagesShouldBe();
    }

    private static void GroupsShouldBe(GoldenTraining training, JsonElement expected)
    {
        Dictionary<IntPtr, string> names = training.Net.named_parameters().ToDictionary(entry => entry.parameter.Handle, entry => entry.name);
        OptimizerGroup.Of(training.All[0]).Select(group => string.Join(' ', group.Parameters.Select(parameter => names[parameter.Handle])))
            .Should().Equal(expected.EnumerateArray().Select(group => string.Join(' ', group.EnumerateArray().Select(name => name.GetString()))));
    }

    private static void ShouldBe(GoldenTraining training, JsonElement expected)
    {
        WorkflowRunner runner = training.Runner;
        (runner.Epoch, runner.Iter, runner.InnerIter).Should().Be(
            (expected.GetProperty("epoch").GetInt32(), expected.GetProperty("iter").GetInt32(), expected.GetProperty("inner_iter").GetInt32()));
        StepOutputs outputs = runner.Outputs!;
        outputs.NumSamples.Should().Be(expected.GetProperty("num_samples").GetInt32());
        GoldenTraining.Near("loss", expected.GetProperty("loss").Number(), new LogValue(outputs.Loss!).Read());
        outputs.LogVars!.Names.Should().Equal(expected.GetProperty("log_vars").EnumerateObject().Select(entry => entry.Name));
        foreach (JsonProperty entry in expected.GetProperty("log_vars").EnumerateObject())
        {
            GoldenTraining.Near(entry.Name, entry.Value.Number(), outputs.LogVars[entry.Name].Read());
        }

        runner.CurrentLr().Values[0].Value.Should().Equal(GoldenCases.Numbers(expected.GetProperty("lr")), GoldenTolerance.IsSameDouble);
        runner.CurrentMomentum().Values[0].Value.Should().Equal(GoldenCases.Numbers(expected.GetProperty("momentum")), GoldenTolerance.IsSameDouble);
        Tensors(expected.GetProperty("params"), runner.Model.named_parameters().ToDictionary(entry => entry.name, entry => (Tensor)entry.parameter));
        training.GradientsShouldBe(expected.GetProperty("grad_abs_sum"));
        if (expected.TryGetProperty("buffers", out JsonElement buffers))
        {
            Tensors(buffers, runner.Model.named_buffers().ToDictionary(entry => entry.name, entry => entry.buffer));
        }

        GoldenTraining.GradNormShouldBe(runner, expected.GetProperty("grad_norm"));
        runner.LogBuffer.Clear();
    }

    private static void Tensors(JsonElement expected, Dictionary<string, Tensor> actual)
    {
        actual.Keys.Should().Equal(expected.EnumerateObject().Select(entry => entry.Name));
        foreach (JsonProperty entry in expected.EnumerateObject())
        {
            GoldenTraining.NearAll(entry.Name, entry.Value, actual[entry.Name]);
        }
    }
}
