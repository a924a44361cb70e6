using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests;

/// <summary>A model that implements the steps for its own type of batch and nothing else.</summary>
public sealed class TypedStepTests
{
    [Fact]
    public void A_runner_trains_and_validates_with_it()
    {
        using TypedModel model = new();
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), MaxEpochs = 1 });

        runner.Run([ToyDataset.Loader(4), ToyDataset.Loader(2)], [("train", 1), ("val", 1)]);

        model.Calls.Should().Equal("train 2", "train 2", "val 2");
    }

    [Fact]
    public void A_batch_of_another_type_names_model_and_both_types()
    {
        using TypedModel model = new();
        using GoldenNetBatch batch = new(ones(1), ones(1));

        Action train = () => ((ITrainStep)model).TrainStep(batch, null);
        Action val = () => ((IValStep)model).ValStep(batch, null);

        train.Should().Throw<ArgumentException>().WithMessage(
            "TypedModel expects batches of type ToyBatch, but the loader gave GoldenNetBatch. Let the dataset return ToyBatch, or let the model implement "
            + "ITrainStep<GoldenNetBatch>.*");
        val.Should().Throw<ArgumentException>().WithMessage("*or let the model implement IValStep<GoldenNetBatch>.*");
    }

    [Fact]
    public void No_batch_is_said_too()
    {
        using TypedModel model = new();

        Action train = () => ((ITrainStep)model).TrainStep(null!, null);

        train.Should().Throw<ArgumentException>().WithMessage("TypedModel expects batches of type ToyBatch, but the loader gave null.*");
    }

    private sealed class TypedModel() : nn.Module(nameof(TypedModel)), ITrainStep<ToyBatch>, IValStep<ToyBatch>
    {
        public List<string> Calls { get; } = [];

        public StepOutputs TrainStep(ToyBatch data, OptimizerSet? optimizer)
        {
            Calls.Add($"train {data.Img.shape[0]}");
            return new StepOutputs();
        }

        public StepOutputs ValStep(ToyBatch data, OptimizerSet? optimizer)
        {
            Calls.Add($"val {data.Img.shape[0]}");
            return new StepOutputs();
        }
    }
}
