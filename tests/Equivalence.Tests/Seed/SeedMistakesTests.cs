using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Equivalence.Tests.Seed.Page;
using Compat.Legacy;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Equivalence.Tests.Seed;

/// <summary>What the seed document has wrong, and what a reader who writes it so meets here.</summary>
public sealed class SeedMistakesTests
{
    public static TheoryData<string, string, string> DoNotCompile => new()
    {
        { "the dictionary given to update_params", "public void Step(BaseOptimWrapper wrapper, LossDict losses) => wrapper.UpdateParams(losses);", "CS1503" },
        {
            "feat used outside its branch",
            """
            public LossDict Loss(Tensor img) { Tensor feat = img * 2; return new() { ["loss"] = feat }; }
            public Tensor Predict(Tensor img) => feat;
            """,
            "CS0103"
        },
        {
            "parsed_loss assigned and parsed_losses used",
            "public void Generator(LossDict losses) { (Tensor parsedLoss, LogVars logVars) = ParseLosses(losses); parsedLosses.backward(); }",
            "CS0103"
        },
        {
            "a train_step that returns nothing",
            "public override LogVars TrainStep(DataBatch data, BaseOptimWrapper wrapper) { wrapper.ZeroGrad(); }",
            "CS0161"
        },
        {
            "the wrapper as bare text",
            """public RunnerOptions Options() => new() { Model = this, WorkDir = ".", ModelWrapper = "MMSeparateDistributedDataParallel" };""",
            "CS0029"
        },
    };

    [Theory]
    [MemberData(nameof(DoNotCompile))]
    public void What_fails_in_Python_when_it_runs_does_not_compile(string mistake, string members, string error)
    {
        CompiledProgram.Faults(InModel(members)).Should().ContainSingle(mistake).Which.Should().StartWith(error);
    }

    [Fact]
    public void The_surroundings_of_these_samples_compile_by_themselves() =>
        CompiledProgram.Faults(InModel("public void Step(BaseOptimWrapper wrapper, LossDict losses) => wrapper.UpdateParams(ParseLosses(losses).Loss);")).Should().BeEmpty();

    [Fact]
    public void A_train_step_that_returns_null_is_told_what_to_return()
    {
        Action train = () => Train(new ForgetfulModel(), ToyDataset.Loader());

        train.Should().Throw<InvalidOperationException>().WithMessage(
            "ForgetfulModel.TrainStep returned null. Write 'return logVars;' with what shall be logged, or 'return [];' for nothing.");
    }

    [Fact]
    public void A_batch_is_one_record_and_one_of_another_type_is_named()
    {
        using ListDataset dataset = new(new NamedBatch(KeyValuePair.Create("img", ones(1)), KeyValuePair.Create("label", ones(1))));
        Action train = () => Train(new EngineToyModel(sums: true), new BatchLoader(dataset));

        train.Should().Throw<ArgumentException>().WithMessage(
            "EngineToyModel expects batches of type ToyBatch, but the loader gave NamedBatch. Let the dataset return ToyBatch, or derive the model from BaseModel<NamedBatch>.*");
    }

    [Fact]
    public void The_dictionary_of_wrappers_does_not_guess_whose_loss_it_is()
    {
        OptimWrapperOptions wrapper = new() { Optimizer = new FusedSgdOptions { Lr = 0.1 } };
        Action train = () => Train(new EngineToyModel(sums: true), ToyDataset.Loader(), new OptimWrapperDictOptions { ["linear"] = wrapper });

        train.Should().Throw<NotSupportedException>().WithMessage("*called on an OptimWrapperDict, which does not know which of its optimizers is meant: linear.*");
    }

    [Fact]
    public void An_old_step_without_a_loss_is_told_which_keys_it_returned()
    {
        using LosslessModel model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        Action train = () => SeedTrainings.Old(model, optimizer, new OptimizerConfig(), ToyDataset.Loader());

        train.Should().Throw<KeyNotFoundException>().WithMessage(
            "LosslessModel.TrainStep returned no loss. Keys present: num_samples, log_vars. "
            + "Set StepOutputs.Loss, or leave the optimizer hook out if the model updates its weights itself.");
    }

    // Recorded from MMEngine 0.11 with the batch that was prepared already given to the second preparation, as printed.
    [Fact]
    public void Preparing_what_is_prepared_keeps_the_augmentation_on()
    {
        using PreparesPreparedModel model = new();

        Train(model, ToyDataset.Loader(10)).Should().Equal(0.4563171863555908f, -0.1218414157629013f);
    }

    private static float[] Train(BaseModel model, BatchLoader loader, BaseOptimWrapperOptions? wrapper = null)
    {
        using BaseModel trained = model;
        return
        [
            .. SeedTrainings.Weights(SeedTrainings.New(trained, wrapper ?? new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.01 } }, loader))[^1]
                .Select(weight => (float)weight),
        ];
    }

    private static string InModel(string members) => $$"""
        using Compat.Engine;
        using Compat.Engine.Model;
        using Compat.Engine.Optim;
        using Compat.Torch.Data;
        using Compat.Torch.Training;
        using static TorchSharp.torch;

        Console.WriteLine(typeof(SampleModel));

        sealed class SampleModel : BaseModel
        {
            {{members}}
        }
        """;

    private sealed class ForgetfulModel : BaseModel
    {
        private readonly Linear linear = nn.Linear(1, 1);

        public ForgetfulModel() => RegisterComponents();

        public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper) => null!;
    }

    private sealed class LosslessModel : nn.Module, ITrainStep<ToyBatch>
    {
        private readonly Linear linear = nn.Linear(1, 1);

        public LosslessModel()
            : base(nameof(LosslessModel)) => RegisterComponents();

        public StepOutputs TrainStep(ToyBatch data, OptimizerSet? optimizer) => new() { NumSamples = 2, LogVars = [] };
    }

    /// <summary>The seed's CustomModel in the order in which it is printed.</summary>
    private sealed class PreparesPreparedModel : BaseModel<ToyBatch>
    {
        private readonly Linear linear = nn.Linear(1, 1);

        public PreparesPreparedModel()
            : base(new DoublingPreprocessor())
        {
            RegisterComponents();
            nn.init.constant_(linear.weight, 0.3);
            nn.init.constant_(linear.bias!, -0.2);
        }

        public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper)
        {
            data = DataPreprocessor.Process(data, training: true);
            optimWrapper.UpdateParams(ParseLosses(Loss(data)).Loss);
            data = DataPreprocessor.Process(data, training: false);
            (Tensor loss, LogVars logVars) = ParseLosses(Loss(data));
            optimWrapper.UpdateParams(loss);
            return logVars;
        }

        protected override LossDict Loss(ToyBatch batch) => new() { ["loss"] = (linear.forward(batch.Img) - batch.Label).pow(2) };
    }
}
