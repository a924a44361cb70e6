using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Distributed;
using Compat.Torch.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Model;

public sealed class ModelWrapperTests
{
    [Fact]
    public void A_wrapper_that_changes_nothing_trains_the_model_as_alone()
    {
        using TestRun alone = new();
        alone.Train(Moving(alone));
        using TestRun wrapped = new();
        Runner runner = wrapped.Train(Moving(wrapped) with { ModelWrapper = new Counting() });

        runner.Model.Should().BeOfType<CountingWrapper>().Which.Steps.Should().Be(4);
        runner.Model.StateModule.Should().BeSameAs(wrapped.Model);
        wrapped.Model.Weight.item<float>().Should().Be(alone.Model.Weight.item<float>()).And.NotBe(1);
    }

    [Fact]
    public void The_wrapper_gets_what_the_runner_knows_and_the_model_on_its_device()
    {
        using TestRun run = new();
        Counting options = new();

        Runner runner = run.Make(run.Options with { ModelWrapper = options, Device = CPU });

        options.Context!.Collectives.Should().BeSameAs(SingleProcess.Instance);
        options.Context.Logger.Should().BeSameAs(run.Logger);
        run.Model.DataPreprocessor.Device!.type.Should().Be(DeviceType.CPU);
        ((IModelWrapper)runner.Model).Module.Should().BeSameAs(run.Model);
    }

    [Fact]
    public void Every_purpose_of_the_model_is_passed_on()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using CountingWrapper wrapper = new(model);
        ToyBatch batch = new(ones(1, 1), ones(1, 1));

        wrapper.Loss(batch).Names.Should().Equal("loss_fit");
        wrapper.Predict(batch).Should().BeOfType<ScoreBatch>();
        wrapper.ForwardTensor(batch).item<float>().Should().Be(1);
        wrapper.ValStep(batch).Predictions.Should().BeOfType<ScoreBatch>();
        wrapper.TestStep(batch).Predictions.Should().BeOfType<ScoreBatch>();
        wrapper.ParseLosses(new LossDict { ["loss"] = ones(1) }).LogVars.Names.Should().Equal("loss");
        wrapper.named_parameters().Select(entry => entry.name).Should().Equal("linear.weight");
        wrapper.MoveTo(META);
        model.Weight.device_type.Should().Be(DeviceType.META);
    }

    [Fact]
    public void A_model_that_is_wrapped_already_stays_where_it_is_and_is_not_wrapped_again()
    {
        using TestRun run = new();
        using CountingWrapper wrapper = new(run.Model);
        Runner runner = run.Make(run.Options with { Model = wrapper, Device = META });
        Action twice = () => _ = new Runner(run.Options with { Model = wrapper, ModelWrapper = new Counting() });

        runner.Model.Should().BeSameAs(wrapper);
        run.Model.Weight.device_type.Should().Be(DeviceType.CPU);
        twice.Should().Throw<ArgumentException>().WithMessage(
            "The model is a CountingWrapper already, and ModelWrapper is set. Give the bare model, or leave ModelWrapper out.*");
    }

    [Fact]
    public void The_runner_disposes_the_wrapper_that_it_built_and_not_the_model()
    {
        using TestRun run = new();
        Runner runner = run.Make(run.Options with { ModelWrapper = new Counting() });

        runner.Dispose();

        ((CountingWrapper)runner.Model).IsDisposed.Should().BeTrue();
        run.Model.Weight.IsInvalid.Should().BeFalse();
    }

    [Fact]
    public void Disposing_a_wrapper_leaves_the_models_preprocessor()
    {
        FreedPreprocessor preprocessor = new();
        using TestModel model = new(preprocessor);

        new CountingWrapper(model).Dispose();

        preprocessor.Freed.Should().BeEmpty();
    }

    [Fact]
    public void A_step_of_ones_own_in_a_wrapper_prepares_batches_as_the_model_does()
    {
        FreedPreprocessor preprocessor = new();
        using TestModel model = new(preprocessor);
        using CountingWrapper wrapper = new(model);

        wrapper.DataPreprocessor.Should().BeSameAs(preprocessor);
    }

    private static RunnerOptions Moving(TestRun run) => run.Options with { TrainDataloader = new BatchLoader(new TwosDataset()) };

    private sealed record Counting : ModelWrapperOptions
    {
        public ModelWrapperContext? Context { get; private set; }

        public override BaseModel Wrap(BaseModel model, ModelWrapperContext context)
        {
            Context = context;
            return new CountingWrapper(model);
        }
    }

    private sealed class CountingWrapper(BaseModel module) : ModelWrapper(module)
    {
        public int Steps { get; private set; }

        public bool IsDisposed { get; private set; }

        public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper)
        {
            Steps++;
            return base.TrainStep(data, optimWrapper);
        }

        protected override void Dispose(bool disposing)
        {
            IsDisposed = true;
            base.Dispose(disposing);
        }
    }
}
