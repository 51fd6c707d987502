/** The three numbers of the size that decides; one of them decides, and only that one has a mark. */

import { h } from "../../base/dom.js";
import { benefitNumber } from "./benefit_number.js";
import { cliffNumber } from "./cliff_number.js";
import { costNumber } from "./cost_number.js";
import { numberCard } from "./number_card.js";

/** @import { Verdict } from "../../../types/answers.js" */

/** Nothing where no size was judged, or under rules without such a number. @param {Verdict} verdict */
export function verdictNumbers({ arm, deciding, thresholds }) {
  const isDeciding = ({ width = 0, depth = 0 }) => width === deciding?.width && depth === deciding.depth;
  const size = arm.sizes.find(isDeciding);
  const loss = size?.losses[0];
  if (!deciding || !size || !loss) return null;
  const shown = [benefitNumber(size, loss), costNumber(size, loss, deciding), cliffNumber(size, deciding, thresholds)];
  return h("dl", { class: "numbers" }, shown.map(numberCard));
}
