using Compat.Engine.Model;
using Compat.Engine.Tests.Support;
using Compat.Torch.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Model;

public sealed class ValOutputsTests
{
    [Fact]
    public void Predictions_or_losses_alone_convert_by_themselves()
    {
        using DisposeScope scope = NewDisposeScope();
        ScoreBatch scores = new(ones(1));
        SampleList<ScoreBatch> samples = new(scores);
        LossDict losses = new() { ["loss"] = ones(1) };

        ValOutputs one = scores;
        ValOutputs several = samples;
        ValOutputs loss = losses;

        (one.Predictions, one.Losses).Should().Be((scores, null));
        (several.Predictions, several.Losses).Should().Be((samples, null));
        (loss.Predictions, loss.Losses).Should().Be((null, losses));
        ValOutputs.FromDataBatch(scores).Predictions.Should().BeSameAs(scores);
        ValOutputs.FromLossDict(losses).Losses.Should().BeSameAs(losses);
    }

    [Fact]
    public void Both_are_possible()
    {
        using DisposeScope scope = NewDisposeScope();
        ScoreBatch scores = new(ones(1));
        LossDict losses = [];

        ValOutputs both = new(scores, losses);

        (both.Predictions, both.Losses).Should().Be((scores, losses));
    }

    [Fact]
    public void Null_stays_null_so_that_the_loop_can_say_whose_it_is()
    {
        ValOutputs? predictions = (DataBatch?)null;
        ValOutputs? losses = (LossDict?)null;

        (predictions, losses).Should().Be((null, null));
    }
}
