using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Model;

/// <summary>The seed's example: a model that updates twice per batch, with the augmentation of batches on, then off.</summary>
public sealed class OwnTrainStepTests
{
    // Recorded from MMEngine 0.11 with the same model, preprocessor and batches.
    [Fact]
    public void Both_updates_of_a_step_are_those_of_the_original()
    {
        DoublingPreprocessor preprocessor = new();
        using TwiceModel model = new(preprocessor);
        WeightsHook hook = new();

        Train(model, hook);

        hook.Weights.SelectMany(row => row).Should().SatisfyRespectively(Recorded.Select<double, Action<double>>(expected =>
            actual => GoldenTensor.IsSame(expected, actual).Should().BeTrue($"it is {actual}, expected {expected}")));
        hook.InnerCounts.Should().Equal(2, 4);
        preprocessor.Calls.Should().Equal(true, false, true, false);
    }

    [Fact]
    public void With_the_augmentation_on_both_times_the_weights_are_others()
    {
        WeightsHook hook = new();
        using TwiceModel model = new(new DoublingPreprocessor { IsAlwaysOn = true });

        Train(model, hook);

        GoldenTensor.IsSame(Recorded[0], hook.Weights[0][0]).Should().BeFalse();
    }

    [Fact]
    public void The_step_of_the_base_prepares_each_batch_once()
    {
        DoublingPreprocessor preprocessor = new();
        using OnceModel model = new(preprocessor);

        Train(model, new WeightsHook());

        preprocessor.Calls.Should().Equal(true, true);
    }

    private static double[] Recorded => [0.5040468573570251, 0.1628125011920929, 0.707085371017456, 0.5547946691513062, 0.23871107399463654, 0.1837351769208908];

    private static void Train(BaseModel model, Hook hook)
    {
        using TestRun run = new();
        run.Train(
            run.Options with
            {
                Model = model,
                TrainDataloader = new BatchLoader(new QuarterDataset(), new() { BatchSize = 2 }),
                TrainCfg = new IterBasedTrainLoopOptions { MaxIters = 2 },
                OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.1 } },
            },
            hook);
    }

    private sealed class QuarterDataset : Dataset
    {
        public override int Count => 4;

        public override DataBatch this[int index] => new ToyBatch(tensor(new[] { (index + 1) / 4f }), ones(1));
    }

    /// <summary>Doubles the input in training, as an augmentation would change it.</summary>
    private sealed class DoublingPreprocessor : BaseDataPreprocessor
    {
        public List<bool> Calls { get; } = [];

        public bool IsAlwaysOn { get; init; }

        public override DataBatch Process(DataBatch data, bool training)
        {
            Calls.Add(training);
            ToyBatch batch = (ToyBatch)CastData(data);
            return training || IsAlwaysOn ? batch with { Img = batch.Img * 2 } : batch;
        }
    }

    private class OnceModel : BaseModel<ToyBatch>
    {
        private readonly Linear linear = nn.Linear(1, 1);

        public OnceModel(BaseDataPreprocessor preprocessor)
            : base(preprocessor)
        {
            RegisterComponents();
            nn.init.constant_(linear.weight, 0.3);
            nn.init.constant_(linear.bias!, -0.2);
        }

        protected override LossDict Loss(ToyBatch batch) => new() { ["loss_fit"] = (linear.forward(batch.Img) - batch.Label).pow(2) };
    }

    private sealed class TwiceModel(BaseDataPreprocessor preprocessor) : OnceModel(preprocessor)
    {
        public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper)
        {
            Update(data, optimWrapper, augmented: true);
            return Update(data, optimWrapper, augmented: false);
        }

        private LogVars Update(DataBatch data, BaseOptimWrapper optimWrapper, bool augmented)
        {
            (Tensor loss, LogVars logVars) = ParseLosses(Loss(DataPreprocessor.Process(data, augmented)));
            optimWrapper.UpdateParams(loss);
            return logVars;
        }
    }

    /// <summary>Writes down weight, bias and loss after each step.</summary>
    private sealed class WeightsHook : Hook
    {
        public List<double[]> Weights { get; } = [];

        public List<int> InnerCounts { get; } = [];

        public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments)
        {
            Weights.Add([.. runner.Model.parameters().Select(parameter => (double)parameter.item<float>()), arguments.Outputs["loss"].Tensor!.item<float>()]);
            InnerCounts.Add(((OptimWrapper)runner.OptimWrapper).InnerCount);
        }
    }
}
