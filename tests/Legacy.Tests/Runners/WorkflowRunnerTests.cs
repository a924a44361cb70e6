using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;

namespace Compat.Legacy.Tests.Runners;

public sealed class WorkflowRunnerTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_validation_frees_each_batch_within_its_iteration_and_shows_none_between_two(bool byEpoch)
    {
        List<DataBatch> seen = [];
        using ValStepModel model = new();
        using WorkflowRunner runner = byEpoch
            ? new EpochBasedRunner(model, new RunnerOptions { Logger = new ListLogger(), MaxEpochs = 1 })
            : new IterBasedRunner(model, new RunnerOptions { Logger = new ListLogger(), MaxIters = 1 });
        runner.RegisterHook(new ActionHook { AtAfterValIter = inner => seen.Add(inner.DataBatch!) });

        foreach (int _ in runner.RunIterations([ToyDataset.Loader(2), ToyDataset.Loader(6)], [("train", 1), ("val", 3)]))
        {
            (runner.DataBatch, runner.Outputs).Should().Be((null, null));
            seen.SelectMany(batch => batch.Tensors).Should().NotContain(tensor => !tensor.IsInvalid);
        }

        seen.Should().HaveCount(byEpoch ? 9 : 3);
    }
}
