using Compat.Adapters.Diagnostics;
using Compat.Adapters.Equivalence;
using Compat.Adapters.Models;
using Compat.Adapters.Tests.Support;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Loops;
using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Native;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using static TorchSharp.torch;
using EngineHook = Compat.Engine.Hooks.Hook;

namespace Compat.Adapters.Tests.Models;

public sealed class LossTermsTests
{
    private static readonly LossTerm[] Sums = [("loss1", LossReduction.Sum), ("loss2", LossReduction.Sum)];

    [Fact]
    public void The_terms_train_the_same_as_the_models_own_loss()
    {
        TrainingTrace own = Train(new ProbeModel(new(), Elements), null).Trace;
        TrainingTrace terms = Train(new ProbeModel(new(), Elements), Sums).Trace;

        Weights(terms).Should().Equal(Weights(own)).And.HaveCount(9);
        terms.Iterations[0].LogValues.Select(entry => entry.Key).Should().Equal("loss", "loss1", "loss2", "acc");
        Weights(Train(new ProbeModel(new(), OneTerm), [Sums[0]]).Trace).Should().NotEqual(Weights(own));
    }

    [Fact]
    public void A_mean_where_the_model_has_a_sum_is_refused_with_both_numbers_and_the_factor()
    {
        Action train = () => Train(new ProbeModel(new(), Elements), [("loss1", LossReduction.Mean), ("loss2", LossReduction.Mean)]);

        CompatDiagnostic found = train.Should().Throw<CompatException>().Which.Diagnostics.Should().ContainSingle().Which;
        found.Id.Should().Be("COMPAT0106");
        found.Text.Should().MatchRegex(
            @"^The terms of ProbeModel add up to [\d.]+, but its own loss is [\d.]+ \(iteration 0 of this training, counted from 0\)\. The loss is 3 times the terms: there is a mean where the model has a sum\. ");
    }

    [Fact]
    public void A_sum_where_the_model_has_a_mean_is_refused()
    {
        Action train = () => Train(new ProbeModel(new(), (model, batch, _) => Make(model, batch, (loss1, loss2) => (loss1 + loss2).mean())), Sums);

        train.Should().Throw<CompatException>().WithMessage("*The terms are 3 times the loss: there is a sum where the model has a mean.*");
    }

    [Fact]
    public void A_term_that_is_left_out_is_refused()
    {
        Action train = () => Train(new ProbeModel(new(), Elements), [Sums[0]]);

        train.Should().Throw<CompatException>().WithMessage("*COMPAT0106*Name every term of the loss*");
    }

    [Fact]
    public void A_difference_that_comes_later_is_found_with_the_log_values()
    {
        int step = 0;
        using ProbeModel model = new(new(), (probe, batch, _) => Make(probe, batch, (loss1, loss2) => (loss1 + loss2).sum() * (step++ == 2 ? 2 : 1)));
        Action train = () => Train(model, Sums);

        train.Should().Throw<CompatException>().WithMessage("*COMPAT0106*(iteration 2 of this training*");
        step.Should().Be(3, "the values are read when the epoch ends");
    }

    [Fact]
    public void After_three_steps_nothing_is_compared()
    {
        int step = 0;
        using ProbeModel model = new(new(), (probe, batch, _) => Make(probe, batch, (loss1, loss2) => (loss1 + loss2).sum() * (step++ == 3 ? 2 : 1)));

        model.Invoking(probe => Train(probe, Sums)).Should().NotThrow();
    }

    [Fact]
    public void Only_the_first_iteration_waits()
    {
        Train(new ProbeModel(new(), Elements), Sums, traced: false).Reads.Should().Equal(1, 0, 0, 0, 0, 0, 0, 0, 0);
        Train(new ProbeModel(new(), Elements), null, traced: false).Reads.Should().OnlyContain(count => count == 0);
    }

    [Fact]
    public void A_term_without_a_gradient_or_without_a_tensor_is_refused()
    {
        Action detached = () => Train(new ProbeModel(new(), (model, batch, _) => Make(model, batch, (loss1, loss2) => (loss1 + loss2).sum(), detach: true)), Sums);
        Action missing = () => Train(new ProbeModel(new(), Elements), [("loss3", LossReduction.Sum)]);

        detached.Should().Throw<CompatException>().WithMessage("COMPAT0107: The term 'loss1' of ProbeModel is a tensor that autograd does not know. Tensors present: loss1, loss2.*");
        missing.Should().Throw<CompatException>().WithMessage("COMPAT0107: The term 'loss3' of ProbeModel is no tensor that its step returns.*");
    }

    [Fact]
    public void The_same_terms_give_the_same_view()
    {
        using ProbeModel model = new(new());

        model.AsEngine(Sums).Should().BeSameAs(model.AsEngine([.. Sums])).And.NotBeSameAs(model.AsEngine());
        model.AsEngine([Sums[0]]).Terms.Should().Equal(Sums[0]);
    }

    private static StepOutputs Elements(ProbeModel model, ToyBatch batch, OptimizerSet? optimizer) => Make(model, batch, (loss1, loss2) => loss1.sum() + loss2.sum());

    private static StepOutputs OneTerm(ProbeModel model, ToyBatch batch, OptimizerSet? optimizer) => Make(model, batch, (loss1, _) => loss1.sum());

    private static StepOutputs Make(ProbeModel model, ToyBatch batch, Func<Tensor, Tensor, Tensor> reduce, bool detach = false)
    {
        Tensor output = model.Linear.forward(batch.Img);
        Tensor loss1 = (output - batch.Label).pow(2);
        Tensor loss2 = (output - batch.Label).abs();
        return new()
        {
            Loss = reduce(loss1, loss2),
            NumSamples = (int)batch.Img.shape[0],
            LogVars = new LogVars { ["acc"] = 0.5 },
            Extras = new Dictionary<string, Tensor> { ["loss1"] = detach ? loss1.detach() : loss1, ["loss2"] = loss2 },
        };
    }

    private static IEnumerable<string> Weights(TrainingTrace trace) =>
        trace.Iterations.Select(iteration => string.Join(' ', iteration.Weights.Select(weight => weight.Value.Hash)));

    private static (TrainingTrace Trace, IReadOnlyList<long> Reads) Train(ProbeModel model, IReadOnlyList<LossTerm>? terms, bool traced = true)
    {
        using TemporaryFolder folder = new();
        TraceRecorder recorder = new("engine");
        ReadCounts reads = new();
        using Compat.Engine.Runner runner = new(new()
        {
            Model = terms is null ? model.AsEngine() : model.AsEngine(terms),
            WorkDir = folder.Path,
            Device = CPU,
            TrainDataloader = new BatchLoader(new RampDataset(9), new BatchLoaderOptions { BatchSize = 3 }),
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 3 },
            OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.01 } },
            CustomHooks = traced ? [new EngineTraceHook(recorder)] : [reads],
            Logger = new ListLogger(),
        });
        runner.Train();
        return (recorder.Trace, reads.Counts);
    }

    private sealed class ReadCounts : EngineHook
    {
        private long before;

        public List<long> Counts { get; } = [];

        public override void BeforeTrainIter(Compat.Engine.Runner runner, BeforeIterArguments arguments) => before = HostRead.Count;

        public override void AfterTrainIter(Compat.Engine.Runner runner, AfterTrainIterArguments arguments) => Counts.Add(HostRead.Count - before);
    }
}
