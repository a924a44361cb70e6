using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.TestSupport.Toy;
using Compat.Torch;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Model;

public sealed class BaseModelTests
{
    [Fact]
    public void A_loss_that_is_null_is_named()
    {
        Action set = () => _ = new LossDict { ["loss_cls"] = (Tensor)null! };

        set.Should().Throw<ArgumentNullException>().WithMessage("The loss 'loss_cls' is null. Give it a tensor, or leave the entry out.*");
    }

    [Fact]
    public void Without_a_loss_the_names_that_are_there_are_given()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();

        Action some = () => model.ParseLosses(new LossDict { ["acc"] = ones(1), ["Loss"] = ones(1) });
        Action none = () => model.ParseLosses([]);

        some.Should().Throw<ArgumentException>().WithParameterName("losses").WithMessage(
            "TestModel returned no loss: no name contains 'loss'. Names present: acc, Loss. Name what shall be trained on 'loss', or 'loss_' and something.*");
        none.Should().Throw<ArgumentException>().WithMessage("*Names present: none.*");
    }

    [Fact]
    public void A_total_beside_other_losses_trains_on_the_doubled_sum_as_in_the_original_and_is_warned_about_once()
    {
        using TestRun run = new()
        {
            Model = new TestModel
            {
                Losses = (_, loss) => new LossDict { ["loss1"] = loss, ["acc"] = ones(1), ["loss"] = loss + (2 * loss), ["loss2"] = 2 * loss },
            },
        };

        Runner runner = run.Train(run.Options);

        run.Logger.Ours.Should().Equal((
            9030,
            "TestModel returned the loss 'loss' beside 'loss1', 'loss2': the sum of all of them is trained on, as in MMEngine, while the log shows 'loss' "
            + "alone. If 'loss' is the total of the others, it counts twice: leave it out. If it is a loss of its own, name it 'loss_' and something."));
        run.Logger.Warnings.Should().HaveCount(1, "there are four iterations");
        using DisposeScope scope = NewDisposeScope();
        (Tensor total, LogVars logVars) = run.Model.ParseLosses(new LossDict { ["loss1"] = ones(1), ["loss"] = ones(1) * 3, ["loss2"] = ones(1) * 2 });
        total.item<float>().Should().Be(6);
        logVars["loss"].Read().Should().Be(3);
    }

    [Fact]
    public void A_model_behind_a_wrapper_can_warn_too()
    {
        using TestModel inner = new() { Losses = (_, loss) => new LossDict { ["loss"] = loss, ["loss_a"] = loss } };
        using Front front = new(inner);
        using TestRun run = new();

        run.Train(run.Options with { Model = front });

        run.Logger.Ours.Should().ContainSingle().Which.Text.Should().StartWith("TestModel returned the loss 'loss' beside 'loss_a': ");
    }

    [Fact]
    public void An_entry_that_has_no_mean_is_named()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();

        Action several = () => model.ParseLosses(new LossDict { ["loss"] = ones(1), ["hits"] = tensor(new long[] { 1, 0 }) });
        Action one = () => model.ParseLosses(new LossDict { ["loss"] = ones(1), ["hits"] = tensor(1L) });

        several.Should().Throw<InvalidOperationException>().WithMessage(
            "The entry 'hits' of the losses of TestModel is of type Int64 and has shape [2]; a mean needs floating point numbers. Give it as .to(float32), or reduced "
            + "to one number.");
        one.Should().NotThrow();
    }

    [Fact]
    public void A_loss_without_others_or_others_without_a_total_are_not_warned_about()
    {
        foreach (Func<Tensor, LossDict> losses in (Func<Tensor, LossDict>[])
            [
                loss => new LossDict { ["loss"] = loss, ["acc"] = ones(1) },
                loss => new LossDict { ["loss1"] = loss, ["loss2"] = loss },
            ])
        {
            using TestRun run = new() { Model = new TestModel { Losses = (_, loss) => losses(loss) } };

            run.Train(run.Options);

            run.Logger.Ours.Should().BeEmpty();
        }
    }

    [Fact]
    public void The_total_is_a_scalar_that_autograd_knows()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        Tensor weight = ones(3, requires_grad: true);

        (Tensor loss, _) = model.ParseLosses(new LossDict { ["loss_a"] = weight * 2, ["acc"] = weight * 100 });
        loss.backward();

        loss.dim().Should().Be(0);
        weight.grad!.data<float>().ToArray().Should().AllSatisfy(gradient => gradient.Should().BeApproximately(2f / 3, 1e-6f));
    }

    [Fact]
    public void A_training_step_updates_the_weights_and_returns_the_total_first()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new() { Losses = (_, loss) => new LossDict { ["acc"] = ones(1), ["loss_a"] = loss, ["loss_b"] = loss } };
        using BaseOptimWrapper wrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.25 } }.Build(model);

        LogVars outputs = model.TrainStep(new ToyBatch(ones(2, 1), zeros(2, 1)), wrapper);

        outputs.Names.Should().Equal("loss", "acc", "loss_a", "loss_b");
        outputs["loss"].Read().Should().Be(2);
        model.Weight.item<float>().Should().Be(0, "the gradient of 2 w² at w = 1 is 4, and the learning rate a quarter");
    }

    [Fact]
    public void Whoever_moves_a_model_as_TorchSharp_does_moves_its_batches_and_those_of_a_model_inside()
    {
        using TestModel model = new();
        using Outer outer = new(model);
        (outer.DataPreprocessor.Device, model.DataPreprocessor.Device).Should().Be((null, null));

        outer.to(META);

        outer.DataPreprocessor.Device!.type.Should().Be(DeviceType.META);
        model.DataPreprocessor.Device!.type.Should().Be(DeviceType.META);
    }

    [Fact]
    public void Naming_the_kind_of_the_device_is_enough()
    {
        using TestModel model = new();

        model.cpu();

        model.DataPreprocessor.Device!.type.Should().Be(DeviceType.CPU);
    }

    [Fact]
    public void The_forward_mode_chooses_the_method()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        ToyBatch batch = new(ones(2, 1), zeros(2, 1));

        ForwardOutput loss = model.Forward(batch, ForwardMode.Loss);
        ForwardOutput predictions = model.Forward(batch, ForwardMode.Predict);
        ForwardOutput output = model.Forward(batch, ForwardMode.Tensor);

        loss.Losses.Names.Should().Equal("loss_fit");
        predictions.Predictions.Should().BeOfType<ScoreBatch>();
        output.Tensor.shape.Should().Equal(2L, 1L);
    }

    [Fact]
    public void An_unknown_forward_mode_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();

        Action act = () => model.Forward(new ToyBatch(ones(1), ones(1)), (ForwardMode)9);

        act.Should().Throw<ArgumentOutOfRangeException>().WithMessage("The mode is 9; it must be Loss, Predict or Tensor.*").WithParameterName("mode");
    }

    [Fact]
    public void Validation_and_test_steps_predict()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        ToyBatch batch = new(ones(2, 1), zeros(2, 1));

        model.ValStep(batch).Predictions.Should().BeOfType<ScoreBatch>();
        model.TestStep(batch).Predictions.Should().BeOfType<ScoreBatch>();
        model.Calls.Select(call => call.What).Should().Equal("predict", "predict");
    }

    [Fact]
    public void Predicting_null_is_refused_with_the_models_name()
    {
        using DisposeScope scope = NewDisposeScope();
        using NullPredictor model = new();

        Action act = () => model.ValStep(new ToyBatch(ones(1), ones(1)));

        act.Should().Throw<InvalidOperationException>()
            .WithMessage("NullPredictor returned null from Predict. Return the predictions: a DataBatch, for example a SampleList.");
    }

    [Fact]
    public void A_test_step_predicts_even_if_the_validation_step_is_overridden()
    {
        // As MMEngine's BaseModel, whose test_step does not call val_step.
        using DisposeScope scope = NewDisposeScope();
        using LossValidator model = new();
        ToyBatch batch = new(ones(1), ones(1));

        model.ValStep(batch).Predictions.Should().BeNull();
        model.TestStep(batch).Predictions.Should().BeOfType<ScoreBatch>();
    }

    [Fact]
    public void A_batch_of_another_type_is_refused_with_both_types_and_both_ways_out()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();

        Action act = () => model.Loss(new ScoreBatch(ones(1)));

        act.Should().Throw<ArgumentException>().WithParameterName("data").WithMessage(
            "TestModel expects batches of type ToyBatch, but the loader gave ScoreBatch. Let the dataset return ToyBatch, or derive the model from "
            + "BaseModel<ScoreBatch>.*");
    }

    [Fact]
    public void What_a_model_does_not_override_is_named()
    {
        using DisposeScope scope = NewDisposeScope();
        using LossOnly model = new();
        ToyBatch batch = new(ones(1), ones(1));

        Action predict = () => model.ValStep(batch);
        Action forward = () => model.Forward(batch, ForwardMode.Tensor);

        predict.Should().Throw<NotSupportedException>()
            .WithMessage("LossOnly does not override Predict(ToyBatch). Override it to validate or test.");
        forward.Should().Throw<NotSupportedException>()
            .WithMessage("LossOnly does not override ForwardTensor(ToyBatch). Override it to use ForwardMode.Tensor.");
    }

    [Fact]
    public void A_model_that_makes_its_own_training_step_needs_no_loss()
    {
        using DisposeScope scope = NewDisposeScope();
        using OwnStep model = new();
        using BaseOptimWrapper wrapper = new OptimWrapperOptions { Optimizer = optim.SGD([new Parameter(ones(1))], 0.1) }.Build(model);
        ToyBatch batch = new(ones(1), ones(1));

        model.TrainStep(batch, wrapper)["mine"].Number.Should().Be(1);
        Action loss = () => model.Forward(batch, ForwardMode.Loss);
        loss.Should().Throw<NotSupportedException>().WithMessage("OwnStep does not override Loss(ToyBatch). Override it to train, or override TrainStep.");
    }

    [Fact]
    public void The_state_that_counts_is_the_models_own()
    {
        using TestModel model = new();

        model.StateModule.Should().BeSameAs(model);
    }

    [Fact]
    public void A_preprocessor_with_tensors_of_its_own_is_moved_and_freed_with_its_model()
    {
        MeanPreprocessor preprocessor = new();
        LossOnly model = new(preprocessor);

        model.MoveTo(META);
        preprocessor.Mean.Value.device_type.Should().Be(DeviceType.META);
        model.named_parameters().Should().BeEmpty("a preprocessor is no module");

        model.Dispose();
        Action read = () => _ = preprocessor.Mean.Value;
        read.Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void Disposing_a_model_frees_its_weights()
    {
        TestModel model = new();
        Parameter weight = model.Weight;

        model.Dispose();

        weight.IsInvalid.Should().BeTrue();
    }

    [Fact]
    public void Moving_a_model_moves_its_weights_and_tells_the_preprocessor()
    {
        using TestModel model = new();
        model.DataPreprocessor.Device.Should().BeNull();

        model.MoveTo(META);

        model.Weight.device_type.Should().Be(DeviceType.META);
        model.DataPreprocessor.Device!.type.Should().Be(DeviceType.META);
    }

    [Fact]
    public void The_preprocessor_leaves_a_batch_alone_until_it_knows_a_device_and_then_moves_it()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        ToyBatch batch = new(ones(1), ones(1));

        model.DataPreprocessor.Process(batch, training: true).Should().BeSameAs(batch);
        model.MoveTo(META);

        model.DataPreprocessor.Process(batch, training: true).Tensors.Should().OnlyContain(tensor => tensor.device_type == DeviceType.META);
    }

    [Fact]
    public void A_preprocessor_of_ones_own_is_told_whether_this_is_training()
    {
        using DisposeScope scope = NewDisposeScope();
        Recorder recorder = new();
        using LossOnly model = new(recorder);
        using BaseOptimWrapper wrapper = new OptimWrapperOptions { Optimizer = optim.SGD([new Parameter(ones(1))], 0.1) }.Build(model);

        model.TrainStep(new ToyBatch(ones(1), ones(1)), wrapper);
        Action val = () => model.ValStep(new ToyBatch(ones(1), ones(1)));

        val.Should().Throw<NotSupportedException>();
        recorder.Training.Should().Equal(true, false);
    }

    [Fact]
    public void An_empty_list_of_losses_is_refused_and_a_name_set_again_keeps_its_place()
    {
        using DisposeScope scope = NewDisposeScope();
        LossDict losses = new() { ["loss_b"] = ones(1), ["loss_a"] = ones(1) };
        losses["loss_b"] = zeros(1);

        Action act = () => losses.Add("loss_c", []);

        act.Should().Throw<ArgumentException>().WithParameterName("tensors")
            .WithMessage("The loss 'loss_c' is an empty list. Leave the entry out, or give it at least one tensor.*");
        losses.Names.Should().Equal("loss_b", "loss_a");
        losses.Count.Should().Be(2);
    }

    private sealed class LossOnly(BaseDataPreprocessor? preprocessor = null) : BaseModel<ToyBatch>(preprocessor)
    {
        protected override LossDict Loss(ToyBatch batch) => new() { ["loss"] = ones(1, requires_grad: true) * 1 };
    }

    private sealed class OwnStep : BaseModel<ToyBatch>
    {
        public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper) => new() { ["mine"] = 1 };
    }

    private sealed class MeanPreprocessor : BaseDataPreprocessor
    {
        public StateTensor Mean { get; } = new(ones(3));

        public override void To(Device device)
        {
            base.To(device);
            Mean.To(device);
        }

        protected override void Dispose(bool disposing)
        {
            Mean.Dispose();
            base.Dispose(disposing);
        }
    }

    private sealed class NullPredictor : BaseModel<ToyBatch>
    {
        protected override LossDict Loss(ToyBatch batch) => [];

        protected override DataBatch Predict(ToyBatch batch) => null!;
    }

    private sealed class LossValidator : BaseModel<ToyBatch>
    {
        public override ValOutputs ValStep(DataBatch data) => Loss(data);

        protected override LossDict Loss(ToyBatch batch) => new() { ["loss"] = ones(1) };

        protected override DataBatch Predict(ToyBatch batch) => new ScoreBatch(ones(1));
    }

    private sealed class Recorder : BaseDataPreprocessor
    {
        public List<bool> Training { get; } = [];

        public override DataBatch Process(DataBatch data, bool training)
        {
            Training.Add(training);
            return base.Process(data, training);
        }
    }

    private sealed class Front(BaseModel module) : BaseModel, IModelWrapper
    {
        public BaseModel Module { get; } = module;

        public override nn.Module StateModule => Module.StateModule;

        public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper) => Module.TrainStep(data, optimWrapper);
    }

    private sealed class Outer : BaseModel
    {
        private readonly TestModel inner;

        public Outer(TestModel inner)
        {
            this.inner = inner;
            RegisterComponents();
        }

        public override LossDict Loss(DataBatch data) => inner.Loss(data);
    }
}
