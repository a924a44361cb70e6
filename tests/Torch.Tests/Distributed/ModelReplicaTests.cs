using Compat.TestSupport;
using Compat.Torch.Distributed;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Distributed;

public sealed class ModelReplicaTests
{
    [Fact]
    public void A_parameter_that_is_frozen_in_some_processes_only_is_one_error_in_all()
    {
        string[] outcomes = ThreadCollectives.Run(3, collectives =>
        {
            using Linear model = Model();
            ModelReplica replica = new(model, collectives, findUnusedParameters: true);
            SetGradients(model, collectives);
            model.bias!.requires_grad = collectives.Rank.Rank == 1;
            Action average = () => replica.Average(model.parameters().Cast<Parameter>());
            string message = average.Should().Throw<InvalidOperationException>().Which.Message;
            model.weight.grad!.data<float>()[0].Should().Be(collectives.Rank.Rank, "no gradient has changed");
            return message;
        });
        outcomes.Should().AllBe(
            "Parameters are frozen in some processes only: bias (in 2 of 3 processes). The processes would drift apart. Set requires_grad the same way in all of them; it "
            + "may not depend on the rank or on its data.");
    }

    [Fact]
    public void A_parameter_that_is_frozen_in_all_processes_is_left_out()
    {
        float[][] gradients = ThreadCollectives.Run(2, collectives =>
        {
            using Linear model = Model();
            ModelReplica replica = new(model, collectives);
            SetGradients(model, collectives);
            model.bias!.requires_grad = false;
            replica.Average(model.parameters().Cast<Parameter>());
            return new[] { model.weight.grad!.data<float>()[0], model.bias.grad!.data<float>()[0] };
        });
        gradients[0].Should().Equal(0.5f, 0);
        gradients[1].Should().Equal(0.5f, 1);
    }

    [Fact]
    public void What_one_process_wants_is_decided_with_the_next_exchange_of_gradients()
    {
        string[] outcomes = ThreadCollectives.Run(2, collectives =>
        {
            using Linear model = Model();
            JointDecision first = new(collectives);
            JointDecision second = new(collectives);
            ModelReplica replica = new(model, collectives) { Decisions = [first, second] };
            second.IsWanted = collectives.Rank.Rank == 1;
            string before = $"{first.IsMade} {second.IsMade}";
            SetGradients(model, collectives);
            replica.Average(model.parameters().Cast<Parameter>());
            return $"{before}, {first.IsMade} {second.IsMade}";
        });
        outcomes.Should().AllBe("False False, False True");
    }

    private static Linear Model() => nn.Linear(1, 1);

    private static void SetGradients(Linear model, ICollectives collectives)
    {
        foreach (Parameter parameter in model.parameters())
        {
            parameter.grad = full_like(parameter, collectives.Rank.Rank).detach();
        }
    }
}
