using Compat.Adapters.Diagnostics;
using Compat.Engine.Optim;
using Compat.Torch.Amp;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Equivalence.Tests.Updates;

/// <summary>Each way to update weights: in the old trainer, in the old trainer on the engine (its hook kept, or translated), and in the engine.</summary>
public sealed class UpdateTests
{
    private static readonly Dictionary<string, UpdateSettings> Cells = new()
    {
        ["plain"] = new(),
        ["accumulation"] = new() { Cumulative = 3 },
        ["clipping"] = new() { MaxNorm = 0.8 },
        ["accumulation and clipping"] = new() { Cumulative = 3, MaxNorm = 0.8 },
        ["bf16"] = new() { Scale = new GradScalerOptions { Enabled = false }, LowersPrecision = true },
        ["scaler"] = new() { Scale = 1024, Overflows = true },
        ["scaler and accumulation"] = new() { Scale = 1024, Overflows = true, Cumulative = 3 },
        ["scaler and both"] = new() { Scale = 1024, Overflows = true, Cumulative = 3, MaxNorm = 0.8 },
        ["dynamic scaler"] = new() { Scale = new GradScalerOptions { InitScale = 64, GrowthInterval = 2 }, Overflows = true, MaxNorm = 0.8 },
        ["two optimizers"] = new() { InTurn = true },
    };

    public static TheoryData<string, string> Ways
    {
        get
        {
            TheoryData<string, string> ways = [];
            foreach (string cell in Cells.Keys)
            {
                foreach (string way in Cells[cell].InTurn ? (string[])["kept", "engine"] : ["kept", "translated", "engine"])
                {
                    ways.Add(cell, way);
                }
            }

            return ways;
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Weights_agree_bit_for_bit_at_every_iteration(string cell, string way)
    {
        UpdateRun legacy = Run("legacy", cell);
        UpdateRun candidate = Run(way, cell);

        legacy.Weights.Should().HaveCount(UpdateRun.Iterations);
        legacy.Moves.Should().HaveCountGreaterThan(4);
        candidate.Weights.Should().Equal(legacy.Weights);
    }

    [Theory]
    [InlineData("accumulation", "LegacyOptimWrapper")]
    [InlineData("clipping", "LegacyOptimWrapper")]
    [InlineData("scaler", "LegacyAmpOptimWrapper")]
    [InlineData("scaler and accumulation", "LegacyAmpOptimWrapper")]
    public void A_translation_is_one_and_a_kept_hook_is_kept(string cell, string wrapper)
    {
        Run("translated", cell).Wrapper!.Name.Should().Be(wrapper);
        Run("translated", cell).Wrapper.Should().BeDerivedFrom(wrapper.Contains("Amp", StringComparison.Ordinal) ? typeof(AmpOptimWrapper) : typeof(OptimWrapper));
        Run("kept", cell).Wrapper!.Name.Should().Be("DeferredOptimWrapper");
    }

    [Theory]
    [InlineData("legacy")]
    [InlineData("kept")]
    [InlineData("translated")]
    [InlineData("engine")]
    public void Accumulation_updates_at_the_end_of_each_window_and_of_the_training(string way)
    {
        // The last window has 2 iterations: 17 = 5 · 3 + 2.
        Run(way, "accumulation").Moves.Should().Equal(2, 5, 8, 11, 14, 16);
        Run(way, "accumulation").Weights.Should().NotEqual(UpdateRun.Of(way, new() { Cumulative = 4 }).Weights);
    }

    [Theory]
    [InlineData("legacy")]
    [InlineData("kept")]
    [InlineData("translated")]
    [InlineData("engine")]
    public void Clipping_changes_the_gradients(string way)
    {
        Run(way, "clipping").Weights.Should().NotEqual(Run(way, "plain").Weights);
        Run(way, "accumulation and clipping").Weights.Should().NotEqual(Run(way, "accumulation").Weights);
        Run(way, "clipping").Weights.Should().NotEqual(UpdateRun.Of(way, new() { MaxNorm = 0.8001 }).Weights);
    }

    [Theory]
    [InlineData("legacy")]
    [InlineData("kept")]
    [InlineData("translated")]
    [InlineData("engine")]
    public void The_lower_precision_is_bfloat16_inside(string way)
    {
        Run(way, "bf16").Dtypes.Should().Equal(ScalarType.BFloat16);
        Run(way, "plain").Dtypes.Should().Equal(ScalarType.Float32);
        Run(way, "bf16").Weights.Should().NotEqual(Run(way, "plain").Weights);
    }

    [Theory]
    [InlineData("legacy")]
    [InlineData("kept")]
    [InlineData("translated")]
    [InlineData("engine")]
    public void An_update_that_overflowed_is_left_out(string way)
    {
        Run(way, "scaler").Moves.Should().Equal(Enumerable.Range(1, 16).Where(i => i != UpdateRun.OverflowAt));
        Run(way, "scaler and accumulation").Moves.Should().Equal(2, 5, 11, 14, 16);

        // Without a scaler the same data ruins the weights.
        UpdateRun ruined = UpdateRun.Of(way, new() { Overflows = true }, NonFiniteLoss.Ignore);
        ruined.Trace.Iterations[^1].Weights[0].Value.Hash.Should().NotBe(Run(way, "scaler").Trace.Iterations[^1].Weights[0].Value.Hash);
    }

    [Fact]
    public void Two_optimizers_train_their_own_parts_on_every_side()
    {
        foreach (string way in (string[])["legacy", "kept", "engine"])
        {
            UpdateRun run = Run(way, "two optimizers");
            run.Trace.Iterations[0].Weights.Zip(run.Trace.Iterations[^1].Weights).Should().OnlyContain(pair => pair.First.Value.Hash != pair.Second.Value.Hash);
            run.Weights.Should().NotEqual(Run(way, "plain").Weights);
        }
    }

    [Fact]
    public void A_model_that_steps_by_itself_is_not_translated()
    {
        Action translate = () => Run("translated", "two optimizers");

        translate.Should().Throw<CompatException>().Which.Diagnostics.Should().ContainSingle().Which.Id.Should().Be("COMPAT0205");
    }

    private static UpdateRun Run(string way, string cell) => UpdateRun.Of(way, Cells[cell]);
}
